"""The one table of moves: it drives buttons, rights, tests and the diagram in the README."""

from dataclasses import dataclass

from inspections.enums import OPEN, WITH_UNIT, Route, Status, Verb


@dataclass(frozen=True)
class Move:
    """One verb: from which states, to which state (None: it stays), which predicate of policy decides."""

    verb: Verb
    sources: tuple[Status, ...]
    target: Status | None
    who: str
    # Only problems of this route.
    route: Route | None = None
    # Stands under "other actions" rather than as a next step.
    rare: bool = False
    # Of the sources those in which only a part of the problem moves, and never the problem to the target.
    parts_only: tuple[Status, ...] = ()


S = Status
DONE = (S.VERIFIED, S.CLOSED)

MOVES: tuple[Move, ...] = (
    Move(Verb.FIX_ON_SPOT, (S.RECTIFYING,), S.VERIFIED, "on_site", route=Route.ON_SPOT),
    Move(Verb.TO_CENTRAL, OPEN, S.FOUND, "team_or_supervisor", route=Route.ON_SPOT, rare=True),
    Move(Verb.NAME_CANDIDATES, (S.FOUND,), None, "team_or_supervisor", rare=True),
    Move(Verb.ASSIGN, (S.FOUND,), S.ASSIGNED, "supervisor"),
    Move(Verb.CLAIM, WITH_UNIT, S.CLAIMED, "addressee_to_claim", parts_only=(S.RECTIFYING,)),
    Move(Verb.BEGIN, (S.CLAIMED,), S.RECTIFYING, "lead"),
    Move(Verb.REPORT_BACK, (S.RECTIFYING,), S.REPORTED, "addressee_to_report"),
    Move(Verb.HAND_BACK, WITH_UNIT, S.FOUND, "addressee_or_supervisor", rare=True, parts_only=(S.RECTIFYING,)),
    Move(Verb.RELEASE, WITH_UNIT, None, "supervisor_of_others", rare=True),
    Move(Verb.NAME_MISSING, WITH_UNIT, None, "supervisor_of_special", route=Route.CENTRAL, rare=True),
    Move(Verb.ASK_EXTENSION, WITH_UNIT, None, "addressee_to_extend"),
    Move(Verb.DECIDE_EXTENSION, WITH_UNIT, None, "decider"),
    Move(Verb.VERIFY, (S.REPORTED, *WITH_UNIT), S.VERIFIED, "verifier"),
    Move(Verb.SEND_BACK, (S.REPORTED,), S.RECTIFYING, "verifier"),
    Move(Verb.RECHECK, (*OPEN, S.CLOSED), None, "rechecker", rare=True),
    Move(Verb.CLOSE, (S.VERIFIED,), S.CLOSED, "closer"),
    Move(Verb.REOPEN, DONE, S.RECTIFYING, "supervisor", rare=True),
    Move(Verb.PAUSE, OPEN, None, "supervisor_of_running", rare=True),
    Move(Verb.RESUME, OPEN, None, "supervisor_of_paused"),
    Move(Verb.ESCALATE, OPEN, None, "supervisor", rare=True),
    Move(Verb.LIFT, (*OPEN, S.CLOSED), None, "supervisor_of_escalated", rare=True),
    Move(Verb.COMMENT, (*OPEN, S.CLOSED), None, "participant", rare=True),
    Move(Verb.AMEND, (*OPEN, S.CLOSED), None, "amender", rare=True),
    Move(Verb.MERGE, (*OPEN, S.CLOSED), S.VOID, "merger", rare=True),
    Move(Verb.VOID, (*OPEN, S.CLOSED), S.VOID, "voider", rare=True),
    Move(Verb.WITHDRAW_EVIDENCE, (*OPEN, S.CLOSED), None, "supervisor_of_evidence", rare=True),
)

BY_VERB: dict[Verb, Move] = {move.verb: move for move in MOVES}


def legal(verb: Verb, status: str, route: str) -> bool:
    """May this verb be done at all in this state, whoever does it?"""
    move = BY_VERB[verb]
    return status in move.sources and (move.route is None or move.route == route)


def diagram() -> str:
    """The loop as a Mermaid state diagram, for the README."""
    lines = ["stateDiagram-v2", "    [*] --> found: report (central)", "    [*] --> rectifying: report (on the spot)"]
    for move in MOVES:
        if move.target is None or move.rare and move.target == S.VOID:
            continue
        for source in move.sources:
            if source != move.target and source not in move.parts_only:
                lines.append(f"    {source.value} --> {move.target.value}: {move.verb.value}")
    lines.append("    closed --> [*]")
    return "\n".join(lines)
