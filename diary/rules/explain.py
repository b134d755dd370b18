"""Evidence in plain English, for staff: one sentence without names, notes or dates."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

_NAMES: Final = {
    "si_gate": "thoughts of death or suicide",
    "si": "suicidality",
    "si_act": "an act or preparation",
    "safe_now": "able to stay safe",
    "dissociation_total": "total dissociation",
    "drove_before_next_morning": "drove before the next morning",
    "phq9": "PHQ-9",
    "phq9_item9": "PHQ-9 item 9",
    "phq8": "PHQ-8",
    "phq2": "PHQ-2",
    "gad7": "GAD-7",
    "qids": "QIDS-SR16",
    "qids_item12": "QIDS-SR16 item 12",
    "madrs_s": "MADRS-S",
    "madrs_s_item9": "MADRS-S item 9",
    "asq": "ASQ",
    "cssrs_ideation": "C-SSRS ideation",
    "cssrs_behaviour": "C-SSRS behaviour",
    "sidas": "SIDAS",
    "cadss": "CADSS",
    "cadss6": "CADSS-6",
}
_COUNTS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def explain(because: Iterable[Mapping[str, Any]]) -> str:
    """A finding's evidence as one sentence, without its full stop: "suicidality rose from 1 to 3
    within 40 h; answered 30 h ago". Empty where there is none."""
    return "; ".join(dict.fromkeys(_SAID[each["kind"]](each) for each in because))


def _name(measure: str) -> str:
    return _NAMES.get(measure, measure.replace("_", " "))


def _span(hours: float) -> str:
    return f"{hours:g} h" if hours < 96 else f"{hours / 24:.0f} days"


def _count(number: int, noun: str) -> str:
    word = _COUNTS[number] if number < len(_COUNTS) else str(number)
    return f"{word} {noun}" if number == 1 else f"{word} {noun}s"


def _answered(each: Mapping[str, Any]) -> str:
    return f"{_name(each['measure'])} is {each['answer']}"


def _level(each: Mapping[str, Any]) -> str:
    side = "or more" if each["kind"] == "at_least" else "or less"
    return f"{_answered(each)} ({each['value']} {side})"


def _changed(each: Mapping[str, Any]) -> str:
    verb = "rose" if each["kind"] == "rises" else "fell"
    span = _span(each["hours"])
    return f"{_name(each['measure'])} {verb} from {each['from']} to {each['answer']} within {span}"


def _rose_in_a_row(each: Mapping[str, Any]) -> str:
    steps = ", ".join(str(value) for value in [*reversed(each["before"]), each["answer"]])
    times = _count(len(each["before"]), "time")
    return f"{_name(each['measure'])} rose {times} in a row ({steps}) within {_span(each['hours'])}"


def _emerged(each: Mapping[str, Any]) -> str:
    run = f"{_count(each['entries'], 'answer')} below {each['below']}"
    return f"{_answered(each)} after {run} in a row, over {_span(each['hours'])}"


def _off_median(each: Mapping[str, Any]) -> str:
    side = "below" if each["kind"] == "below_median" else "above"
    edge = "lowest" if each["kind"] == "below_median" else "highest"
    which = "" if each["extreme"] == each["answer"] else f", the day's {edge} is {each['extreme']}"
    running = "" if each["running"] == 1 else f" on {_count(each['running'], 'day')} running"
    far = f"at least {each['by']} {side} its own median of {each['median']:g}"
    return f"{_answered(each)}{which}, {far}{running}"


def _was(each: Mapping[str, Any]) -> str:
    return f"{_answered(each)} and was {each['from']} ({_span(each['hours'])} before)"


def _was_improved(each: Mapping[str, Any]) -> str:
    better = f"{each['percent']} % or more below its baseline of {each['baseline']}"
    return f"{_was(each)}, {better}"


def _row(each: Mapping[str, Any]) -> str:
    values = [*reversed(each["before"]), each["answer"]]
    if len(values) == 1:
        return _answered(each)
    told = " and ".join([", ".join(map(str, values[:-1])), str(values[-1])])
    return f"{_name(each['measure'])} was {told}, {_count(len(values), 'answer')} in a row"


def _little_improved(each: Mapping[str, Any]) -> str:
    return f"{_row(each)}, less than {each['percent']} % below its baseline of {each['baseline']}"


def _near_baseline(each: Mapping[str, Any]) -> str:
    return f"{_row(each)}, {each['percent']} % or more of its baseline of {each['baseline']}"


def _not(each: Mapping[str, Any]) -> str:
    states = [
        f"{_name(name)} {'not answered' if state is None else state}"
        for name, state in each["measures"].items()
    ]
    return "an exception does not apply" + (f" ({', '.join(states)})" if states else "")


def _days_after(each: Mapping[str, Any]) -> str:
    days = each["days"]
    return f"{_count(days, 'day')} after the infusion" if days else "on the infusion's day"


def _phrases(each: Mapping[str, Any]) -> str:
    return "the note holds " + ", ".join(f'"{phrase}"' for phrase in each["phrases"])


def _late(each: Mapping[str, Any]) -> str:
    newer = each["newer"]
    if newer is None:
        return f"answered {_span(each['hours'])} ago"
    level = "not answered" if newer["si"] is None else newer["si"]
    known = f"a newer answer is known (suicidality {level}, {_span(newer['hours'])} ago)"
    return f"answered {_span(each['hours'])} ago; {known}"


def _missed(each: Mapping[str, Any]) -> str:
    missed = f"{_count(each['missed'], 'check-in')} missed"
    lost = each.get("not_reminded", 0)
    if not lost:
        return missed
    of_which = "" if lost == each["missed"] else f" of {_count(lost, 'day')}"
    return f"{missed}, and no reminder{of_which} was delivered"


_SAID: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "at_least": _level,
    "at_most": _level,
    "is": lambda each: f"{_name(each['measure'])}: {each['answer'].replace('_', ' ')}",
    "declined": lambda each: f"{_name(each['measure'])} was declined",
    "not_answered": lambda each: f"{_name(each['measure'])} was left without an answer",
    "unreadable": lambda each: f"cannot be read: {', '.join(map(_name, each['measures']))}",
    "rises": _changed,
    "falls": _changed,
    "rises_in_a_row": _rose_in_a_row,
    "emerges": _emerged,
    "below_median": _off_median,
    "above_median": _off_median,
    "was_at_least": _was,
    "was_at_most": _was,
    "was_improved": _was_improved,
    "improved_less_than": _little_improved,
    "near_baseline": _near_baseline,
    "infusion_number": lambda each: f"after infusion {each['number']}",
    "hours_after_infusion": lambda each: f"{_span(each['hours'])} after the infusion",
    "days_after_infusion": _days_after,
    "silent": lambda each: (
        f"no check-in for {_span(each['hours'])} after one that was found {each['after']}"
    ),
    "missed": _missed,
    "had_no_risk": lambda _: "nothing on suicidality was found before",
    "phrase": _phrases,
    "not": _not,
    "late": _late,
    "known_level": lambda each: (
        f"no worse than the known level of {each['level']}, so a list entry (found {each['found']})"
    ),
    "above_known_level": lambda each: (
        f"not what is known of the patient (level {each['level']}), which ends with this"
    ),
}
"""What each kind of evidence says; `all` and `any` leave none of their own."""
