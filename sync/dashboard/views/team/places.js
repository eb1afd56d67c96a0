// The addresses of the tabs of Team: each state can be sent to somebody.
import { withQuery } from "../../lib/route.js";

export const teamPlace = (tab, more = {}) => withQuery("/team", new URLSearchParams(), { tab, ...more });
export const userPlace = (name) => teamPlace("people", { user: name });
