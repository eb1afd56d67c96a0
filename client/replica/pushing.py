"""Pushing what is pending: the part of a replica's core that says by which key it signs, and hears answers.

What the hub took is settled once its commit is here; what it refused is parked. Where the hub does not take
the key, this home becomes another replica, and pushes again as that.
"""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from stackroom.client.replica.effects import Park, Reached, Renew, Send, Settle
from stackroom.client.replica.replica_copy import Copy
from stackroom.client.replica.witnessing import Witnessing
from stackroom.events.log import Answer
from stackroom.events.model import Proposal
from stackroom.events.proofs.signing import Signer
from stackroom.sync import protocol as wire

REGISTRATION: Final = 1
"""The number of the order by which a replica's key is registered."""

OTHERS: Final = frozenset({"key_ended", "key_in_use", "replica_has_key"})
"""The codes by which a hub says that this replica cannot sign with the key that it has."""

RENEWALS: Final = 3
"""New identities that one replica takes at most while it runs."""

KeyState: TypeAlias = Literal["settled", "new", "asked", "known"]
"""Of a replica's key, on a connection: nothing is to be done about it (the hub keeps none, or refuses this
one); the hub is yet to be told of it; was told, and has not answered; knows it."""


class Pushing(Witnessing):
    """What of the profiles waits for the hub, and as which replica it goes there."""

    def __init__(self, id: str, token: str, client: str, signer: Signer | None) -> None:
        super().__init__()
        self.hello = wire.Hello(id, token, client, signer.key if signer is not None else b"")
        self._signer = signer
        self._key: KeyState = "settled"
        self._renewing = False
        self._renewals_left = RENEWALS

    def renews(self, answer: Answer) -> bool:
        """Whether an answer is none, as this home must become another replica, and ask again as that."""
        if self._renewing:
            return answer.outcome == "rejected"
        if answer.code == "replica_copied":
            return self._renewals_left > 0
        # Of a key that the hub did not take, to begin with, another would fare no better.
        return answer.code == "unknown_key" and self._key == "known" and self._renewals_left > 0

    def ask(self, id: int, order: wire.AnyOrder) -> None:
        """Give the hub an order; its reply has the same `id`."""
        self._send(wire.Ask(id, order))

    def _registered(self, reply: wire.Reply) -> None:
        """The hub took the key, or it did not; then it says of each proposal what is wrong."""
        if reply.code in OTHERS and self._renewals_left:
            self._renew(reply.code, reply.sentence)
            return
        self._key = "settled" if reply.code else "known"
        for copy in self.copies.values():
            self._push(copy)
            self._reached(copy)
            self._closed(copy)

    def _renew(self, code: str, sentence: str) -> None:
        if not self._renewing:
            self._renewing = True
            self._renewals_left -= 1
            self._effects.append(Renew(code, sentence))

    def _closed(self, copy: Copy) -> None:
        """Tells that a profile is closed, once everything that was pushed to it has its answer."""
        if self._holds_back(copy):
            return
        if copy.problem is not None and copy.sent <= copy.answered.keys():
            self._effects.append(copy.problem)
            copy.problem = None

    def _results(self, copy: Copy, answers: Sequence[Answer]) -> None:
        mine = {p.id for p in copy.pending}
        for answer in answers:
            if answer.id not in mine:
                continue
            if self.renews(answer):
                self._renew(answer.code, answer.sentence)
            elif answer.outcome == "rejected":
                self._forget(copy, (answer.id,))
                self._effects.append(Park(copy.profile, answer))
            elif answer.seq is not None:
                copy.answered[answer.id] = answer.seq
        self._settle_answered(copy)
        self._reached(copy)
        self._closed(copy)

    def _settle_answered(self, copy: Copy) -> None:
        """Settles what was committed before the point where this replica began (a snapshot)."""
        settled = tuple(id for id, seq in copy.answered.items() if seq <= copy.seq)
        if settled:
            self._forget(copy, settled)
            self._effects.append(Settle(copy.profile, settled))

    def _forget(self, copy: Copy, ids: Sequence[str]) -> None:
        gone = set(ids)
        copy.pending = [p for p in copy.pending if p.id not in gone]
        copy.sent.difference_update(ids)
        for id in ids:
            copy.answered.pop(id, None)

    def _push(self, copy: Copy) -> None:
        """Sends what was not sent on this connection, in order, in pushes that the hub takes."""
        open = copy.live or copy.closed
        if self.welcome is None or self._renewing or not open or copy.newer is not None:
            return
        if self._key in ("new", "asked"):
            if copy.pending:
                self._register(self.welcome)
            return
        batch: list[Proposal] = []
        size = 0
        for proposal in copy.pending:
            if proposal.id in copy.sent:
                continue
            weight = sum(len(e.body) + 200 for e in proposal.events) + len(proposal.message)
            full = len(batch) == self.welcome.push_proposals
            if batch and (full or size + weight > self.welcome.push_bytes):
                self._send(wire.Push(copy.profile, tuple(batch)))
                batch, size = [], 0
            batch.append(proposal)
            size += weight
            copy.sent.add(proposal.id)
        if batch:
            self._send(wire.Push(copy.profile, tuple(batch)))

    def _register(self, welcome: wire.Welcome) -> None:
        """Tells the hub by which key this replica signs, before the first thing that it pushes."""
        if self._key == "new" and self._signer is not None:
            self._key = "asked"
            proof = self._signer.possession(welcome.hub, welcome.user, self.hello.replica)
            self.ask(REGISTRATION, wire.RegisterKey(self._signer.key, proof))

    def _holds_back(self, copy: Copy) -> bool:
        """Whether what waits in the profile is not pushed just yet."""
        return self._renewing or (self._key == "asked" and bool(copy.pending))

    def _reached(self, copy: Copy) -> None:
        if copy.live and not copy.sent and not self._holds_back(copy):
            self._effects.append(Reached(copy.profile, copy.seq))

    def _send(self, message: wire.FromReplica) -> None:
        self._effects.append(Send(message))


def key_state(registered: bool | None) -> KeyState:
    """What is to be done about the key, by what the hub's welcome says of it."""
    if registered is None:
        return "settled"
    return "known" if registered else "new"
