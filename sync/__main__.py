"""`python -m stackroom.sync DATA TUNED`: what `stackroom hub up` starts. TUNED is a `Tuned` as JSON."""

from stackroom.events.late import postpone

postpone()

from stackroom.sync.hosting.service import main  # noqa: E402 (it is what is to be imported without those)

main()
