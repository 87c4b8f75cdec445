"""2xx: names across stages.

A mismatch is reported only with evidence that two stages are about the same image: a candidate that the scenario builds
or loads under a like name, and either the name can only be local or registry and repository do not speak against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tagcheck.comparison import Same, equal, same
from tagcheck.events import MADE, Dropped, Event, Stage
from tagcheck.guards import holds_by_default
from tagcheck.image import alike, canonical, parse, same_image
from tagcheck.predicates import stores
from tagcheck.predicates.bases import missing_base
from tagcheck.predicates.model import (
    PRESENT,
    SUPPLIED,
    Case,
    Match,
    bare,
    candidates,
    compatible,
    has_unique,
    implies,
    is_left_to_the_caller,
    literals,
    made_at,
    made_by_generator,
    names_of,
    place,
    placeholder,
    policy_is,
    same_as,
    share_made_tag,
    written_at,
)
from tagcheck.source import Span
from tagcheck.values import Hole, HoleKind, Piece, Text

USES = (Stage.DEPLOYED, Stage.RUN)
NEEDS_LOCAL = (Stage.SAVED, Stage.LOADED, Stage.TAGGED, Stage.PUSHED)
_WITHOUT = {
    Stage.LOADED: "image not present",
    Stage.BASE: "the build fails, or starts from another image of that name",
}
CONSEQUENCES = {"Never": "ErrImageNeverPull", "IfNotPresent": "ImagePullBackOff", "Always": "ImagePullBackOff"}


def consequence(event: Event) -> str:
    """What the cluster will show."""
    if event.stage is Stage.RUN:
        return "the container is not started: no such image"
    policy = event.policy.literal if event.policy is not None else None
    return CONSEQUENCES.get(policy or "", "ImagePullBackOff")


class Mismatch:
    """A deployed or run image that the scenario supplies under no such name, though it does so for a like one."""

    def __init__(self, case: Case, use: Event, candidate: Event) -> None:
        self.case, self.use, self.candidate = case, use, candidate

    def match(self, span: Span, **variables: object) -> Match:
        """The match at a place, with the three names and the places they come from."""
        supplied = self.case.together(self.use, *SUPPLIED)
        related = [each for each in supplied if same_as(each, self.candidate) is Same.YES]
        built = [each for each in related if each.stage in PRESENT] or related
        loaded = [each for each in related if each.stage in (Stage.LOADED, Stage.PUSHED)]
        others = sorted({id(each): each for each in (*built, *loaded, self.use)}.values(), key=lambda each: each.order)
        return Match(
            span=span,
            variables={
                "image": str(self.use.image),
                "stage": self.use.stage.value,
                "candidate": str(self.candidate.image),
                "built": str(built[0].image) if built else "",
                "loaded": str(loaded[0].image) if loaded else "",
                "policy": str(self.use.policy or ""),
                "workload": self.use.workload,
                "consequence": consequence(self.use),
                **variables,
            },
            places=tuple(dict.fromkeys(place(each) for each in others)),
            names=names_of(built=built, loaded=loaded, deployed=[self.use]),
            label=f"{self.use.stage.value.upper()} {self.use.image}",
            subject=("use", self.use.image, self.use.span),
            consequence=consequence(self.use),
        )


@lru_cache(maxsize=1)
def mismatches(case: Case) -> tuple[Mismatch, ...]:
    """Every use of an image under a name that nothing in the scenario supplies, with the nearest candidate. Several
    rules ask for those of one case, one after the other."""
    uses = (use for use in case.events(*USES, Stage.NAMED) if use.stage is Stage.RUN or use.kubelet)
    found = ((use, missing_candidate(case, use)) for use in uses)
    return tuple(Mismatch(case, use, candidate) for use, candidate in found if candidate is not None)


def missing_candidate(case: Case, use: Event) -> Event | None:
    """The image that a use should have named, if it names none that is supplied and there is evidence for one."""
    if case.is_third_party(use.reference) or is_left_to_the_caller(use, use.image):
        return None
    supplied = case.together(use, *SUPPLIED)
    known = case.anywhere(use, *SUPPLIED)
    if any(same_as(use, each) is Same.YES for each in known):
        return None
    provable = case.is_local_registry(use.reference) or (policy_is(use, "Never") and use.stage is Stage.DEPLOYED)
    own = [each for each in supplied if _is_own(case, each)]
    tagged = [each for each in own if share_made_tag(use, each)] if provable else []
    for candidate in (*candidates(use, own), *tagged):
        if not _missing_beside(case, use, candidate, known):
            continue
        if use.stage is Stage.NAMED and not _waits(case, use, candidate):
            continue
        if provable or _speaks_for(case, use, candidate):
            return None if case.may_be_made_out_of_sight(use.image) else candidate
    return None


def _waits(case: Case, use: Event, candidate: Event) -> bool:
    """Whether an image was brought into the cluster and only a mention can be meant to be it: one of the same name but
    for the tag, in a run that does not use the image under its own name."""
    if not equal(parse(use.image).name, candidate.reference.name):
        return False
    brought = case.together(use, Stage.LOADED, Stage.PUSHED)
    if not any(same_as(each, candidate) is Same.YES for each in brought):
        return False
    return all(same_as(each, candidate) is Same.NO for each in case.events(*USES, Stage.NAMED, Stage.TAGGED))


def _missing_beside(case: Case, use: Event, candidate: Event, supplied: list[Event]) -> bool:
    """Whether in runs that supply the candidate nothing supplies the used name, and the use has no other name there
    that is the candidate's (one of several cases whose conditions are not known well enough)."""
    beside = [each for each in supplied if compatible(each.guards, candidate.guards)]
    if any(same_as(use, each) is not Same.NO for each in beside):
        return False
    here = [each for each in case.together(use, use.stage) if compatible(each.guards, candidate.guards)]
    others = [each for each in here if each.span == use.span and each.trace == use.trace]
    return not any(same_as(each, candidate) is not Same.NO for each in others)


def _is_own(case: Case, supplied: Event) -> bool:
    """Whether the scenario makes an image itself: what it pulls is somebody else's, wherever it is loaded."""
    known = _known_own(case)
    if id(supplied) not in known:
        known[id(supplied)] = _makes(case, supplied)
    return known[id(supplied)]


@lru_cache(maxsize=1)
def _known_own(case: Case) -> dict[int, bool]:
    """The answers so far about the events of a case, by their identity."""
    return {}


def _makes(case: Case, supplied: Event) -> bool:
    if supplied.stage in MADE:
        return True
    if supplied.stage is Stage.PULLED:
        return False
    pulled = any(same_as(supplied, each) is Same.YES for each in case.together(supplied, Stage.PULLED))
    # Out of an archive, another job may have made it.
    return not pulled or any(same_as(supplied, each) is Same.YES for each in case.anywhere(supplied, Stage.BUILT))


def _speaks_for(case: Case, use: Event, candidate: Event) -> bool:
    """Whether a name that need not be local is still meant to be the candidate: same registry and a like repository,
    and the candidate is not used under its own name elsewhere."""
    a, b = use.reference, candidate.reference
    used = any(same_as(other, candidate) is not Same.NO for other in case.events(*USES) if other is not use)
    if used:
        return False
    if alike(a, b) == 3 and any(
        equal(bare(x), bare(y)) for x in canonical(use.image) for y in canonical(candidate.image)
    ):
        return True
    return str(a.registry) == str(b.registry) and alike(a, b) == 3


def resolves_differently(case: Case) -> Iterator[Match]:
    """TC303: one spelling, two names."""
    for found in mismatches(case):
        use = found.use
        for other in case.together(use, *SUPPLIED):
            if spelled_alike(use, other) and other.stage is not Stage.PULLED:
                yield Mismatch(case, use, other).match(
                    written_at(use.image, use.span), other=str(canonical(other.image, other.reading)[0])
                )
                break


def spelled_alike(one: Event, other: Event) -> bool:
    """Whether two names are the same but for what tools put in front of a name without a registry."""
    return equal(bare(_with_tag(one.image)), bare(_with_tag(other.image)))


def _with_tag(text: Text) -> Text:
    reference = parse(text)
    if reference.tag is None and reference.tag_known and reference.digest is None:
        return text + Text.of(":latest")
    return text


def regenerated_name(case: Case) -> Iterator[Match]:
    """TC204: two evaluations of one generator, or a literal against a generator's result."""
    for found in mismatches(case):
        if _differs_in_unique_part(found.use.image, found.candidate.image):
            reference = found.use.reference
            span = made_at(found.use, found.use.image) or written_at(found.use.image, found.use.span, reference.tag)
            yield found.match(span)
    for event, name, candidate in missing_sources(case):
        mine, theirs = name.merged(), candidate.image.merged()
        if mine != theirs and list(map(_shape, mine)) == list(map(_shape, theirs)):
            yield not_present(event, name, candidate)


def _differs_in_unique_part(left: Text, right: Text) -> bool:
    a, b = left.merged(), right.merged()
    if [_shape(part) for part in a] == [_shape(part) for part in b]:
        return True
    x, y = parse(left), parse(right)
    names_equal = same_image(x.name + Text.of(":t"), y.name + Text.of(":t"), "verbatim", "verbatim") is Same.YES
    if not names_equal or has_unique(x.tag) is has_unique(y.tag):
        return False
    # A variable in the place of what is generated is another fault: whatever it holds, it was not generated.
    other = y.tag if has_unique(x.tag) else x.tag
    return other is None or not any(hole.kind is HoleKind.ENVIRONMENT for hole in other.holes)


def _shape(part: str | Hole) -> object:
    if isinstance(part, str):
        return part
    return (part.kind, part.label, part.part) if part.kind is HoleKind.UNIQUE else part.key


def dropped_name(case: Case) -> Iterator[Match]:
    """TC205: the name that a helper built and returned is dropped, and another one is used."""
    for found in mismatches(case):
        dropped = _dropped(case, found)
        if dropped is not None:
            yield found.match(dropped.span, dropped=str(dropped.name))


def _dropped(case: Case, found: Mismatch) -> Dropped | None:
    for each in case.scenario.dropped:
        if equal(each.name, found.candidate.image):
            return each
    return None


def deployed_name_mismatch(case: Case) -> Iterator[Match]:
    """TC201: the used name is none that the scenario supplies."""
    for found in mismatches(case):
        yield found.match(blame(found.use, found.candidate))


def blame(use: Event, candidate: Event) -> Span:
    """The expression that a person would repair: the part in which the use's name differs from the candidate's."""
    mine, theirs = use.reference, candidate.reference
    if not equal(mine.name, theirs.name):
        different = differing(mine.name, theirs.name)
        if _is_shared(different, theirs.name):
            return use.span
        written = written_at(use.image, use.span, different)
        made = made_at(use, use.image)
        if made is not None and (written == use.span or made.contains(written) or made_by_generator(use, written)):
            return made
        return written
    tag = mine.tag
    if tag is not None and theirs.tag is not None and _uniques(tag) == _uniques(theirs.tag):
        return written_at(use.image, use.span, differing(tag, theirs.tag))
    return (made_at(use, tag) if tag is not None else None) or written_at(use.image, use.span, tag)


def _uniques(text: Text) -> list[str]:
    return [hole.identity for hole in text.holes if hole.kind is HoleKind.UNIQUE]


def _is_shared(different: Text, other: Text) -> bool:
    """Whether a part begins with what stands in both names, from one place: then the fault is how it is used."""
    first = different.parts[0] if different.parts else None
    if not isinstance(first, Piece) or first.origin is None:
        return False
    return any(isinstance(part, Piece) and part.origin == first.origin for part in other.parts)


def differing(mine: Text, theirs: Text) -> Text:
    """The parts of a text from the first one that differs from another text."""
    other = "".join(part if isinstance(part, str) else "\0" for part in theirs.merged())
    seen = 0
    for index, part in enumerate(mine.parts):
        shown = part.text if isinstance(part, Piece) else "\0"
        if other[seen : seen + len(shown)] != shown:
            return Text(mine.parts[index:])
        seen += len(shown)
    return Text(mine.parts[-1:])


def loaded_name_mismatch(case: Case) -> Iterator[Match]:
    """TC202: what is loaded, saved, tagged from or pushed is not there under that name."""
    for event, name, candidate in missing_sources(case):
        yield not_present(event, name, candidate)
    for event in case.events(Stage.LOADED):
        built = stores.only_in_builder(case, event)
        if built is not None:
            yield not_present(event, event.image, built, event.span, reason="builder")


@lru_cache(maxsize=1)
def missing_sources(case: Case) -> tuple[tuple[Event, Text, Event], ...]:
    """What is loaded, saved, tagged from or pushed without being there under that name, and the nearest that is."""
    return tuple(_missing_sources(case))


def _missing_sources(case: Case) -> Iterator[tuple[Event, Text, Event]]:
    for event in case.events(*NEEDS_LOCAL):
        # What comes out of an archive, or out of the memory of a program, needs no name there.
        if event.carried or (event.stage in (Stage.LOADED, Stage.PUSHED) and event.archive is not None):
            continue
        name = event.source if event.stage is Stage.TAGGED else event.image
        if name is None:
            continue
        found = _missing_source(case, event, name)
        if found is not None:
            yield event, name, found
    for event in case.events(Stage.BASE) if case.scenario.is_run else ():
        found = missing_base(case, event)
        if found is not None:
            yield event, event.image, found


def _missing_source(case: Case, event: Event, name: Text) -> Event | None:
    present = [each for each in case.anywhere(event, *PRESENT) if each is not event]
    if holds_by_default(event.guards):
        # What is there only if somebody has set a variable is missing in all other runs.
        present = [each for each in present if holds_by_default(each.guards)]
    if any(_is_source(event, name, each) is not Same.NO for each in present):
        return None
    here = [each for each in present if each.host == event.host and not _is_later(each, event)]
    built = [each for each in here if each.stage is not Stage.PULLED or _is_made_elsewhere(each, present)]
    if event.stage is Stage.TAGGED:
        # Where the like image is tagged from one that nothing here makes either, both are made beforehand.
        built = [each for each in built if _comes_from_here(each, present)]
    reference = parse(name)
    if case.is_third_party(reference) or is_left_to_the_caller(event, name) or case.may_be_made_out_of_sight(name):
        return None
    probe = Event(event.stage, name, event.span, event.order)
    for candidate in candidates(probe, built):
        local = case.is_local_registry(reference) or str(reference.registry) == str(candidate.reference.registry)
        if local or (alike(reference, candidate.reference) == 3 and reference.registry is None):
            return candidate
    return None


def _is_later(made: Event, need: Event) -> bool:
    """Whether something is made only after it is needed, and so is not what was meant. Of what runs side by side
    nothing is known."""
    return made.lane == need.lane and need.before(made)


def _is_made_elsewhere(pulled: Event, present: list[Event]) -> bool:
    """Whether an image comes from another host of the scenario, which has built it."""
    made = (each for each in present if each.stage is Stage.BUILT and each.host != pulled.host)
    return any(same_as(each, pulled) is Same.YES for each in made)


def _comes_from_here(made: Event, present: list[Event]) -> bool:
    """Whether an image is built here, or tagged from one that is present."""
    source = made.source if made.stage is Stage.TAGGED else None
    return source is None or any(_is_source(made, source, each) is Same.YES for each in present if each is not made)


def _is_source(event: Event, name: Text, made: Event) -> Same:
    """Whether what is loaded is what was made. A cluster's tool asks the engine that made it, if it can."""
    through_engine = event.reading == "docker" and event.stage is Stage.LOADED and made.tool != "docker"
    return same_image(name, made.image, "engine" if through_engine else event.reading, made.reading)


def not_present(event: Event, name: Text, candidate: Event, span: Span | None = None, **variables: object) -> Match:
    """The fault of a stage that needs a name which is not there, by default where the name is written."""
    verb = {Stage.TAGGED: "tagged from", Stage.BASE: "built from"}.get(event.stage, event.stage.value)
    probe = Event(event.stage, name, event.span, event.order, trace=event.trace)
    return Match(
        span=span or blame(probe, candidate),
        variables={
            "image": str(name),
            "stage": verb,
            "candidate": str(candidate.image),
            "built": str(candidate.image),
            "consequence": _WITHOUT.get(event.stage, "") if event.stage is Stage.BASE else "",
            **variables,
        },
        places=(place(candidate), place(event)),
        names=names_of(built=[candidate], **{"base" if event.stage is Stage.BASE else "loaded": [name]}),
        label=f"{verb.upper()} {name}",
        subject=("source", name, event.span),
        consequence=_WITHOUT.get(event.stage, "the command fails: no such image"),
    )


def shared_image_retagged(case: Case) -> Iterator[Match]:
    """TC206: built under a static tag, then given a unique one."""
    for event in case.events(Stage.TAGGED):
        if event.source is None or not has_unique(event.reference.tag):
            continue
        for built in case.together(event, Stage.BUILT):
            static = built.reference.tag_is_static and not built.image.holes
            if static and same_image(event.source, built.image, event.reading, built.reading) is Same.YES:
                yield Match(
                    span=event.span,
                    variables={"image": str(event.image), "built": str(built.image)},
                    places=(place(built), place(event)),
                    names=names_of(built=[built], tagged=[event]),
                    label=f"TAGGED {event.image}",
                )
                break


def out_of_order(case: Case) -> Iterator[Match]:
    """TC208: removed before it is saved or loaded, or deployed before it is loaded, on the same path."""
    for event in case.events(Stage.SAVED, Stage.LOADED):
        if event.stage is Stage.LOADED and event.archive is not None:
            continue
        removed = _removed_before(case, event)
        if removed is not None:
            yield _disorder(event, removed, "removed", event.stage.value)
    for use in case.events(Stage.DEPLOYED):
        loads = [e for e in case.together(use, Stage.LOADED) if same_as(use, e) is Same.YES]
        if use.kubelet and loads and all(use.before(load) and implies(use.guards, load.guards) for load in loads):
            yield _disorder(loads[0], use, "deployed", "loaded")


def _removed_before(case: Case, event: Event) -> Event | None:
    for removed in reversed(case.together(event, Stage.REMOVED, Stage.PRUNED)):
        if not removed.before(event) or not _takes(case, removed, event):
            continue
        if not implies(event.guards, removed.guards):
            continue
        supplied = [e for e in case.together(event, *PRESENT) if same_as(e, event) is not Same.NO]
        earlier = [e for e in supplied if e.before(removed)]
        later = [e for e in supplied if not e.before(removed)]
        if earlier and not later:
            return removed
    return None


def _takes(case: Case, removed: Event, event: Event) -> bool:
    """Whether a removal is of this image: by its name, or with all that no container uses."""
    if removed.stage is Stage.REMOVED:
        return same_as(removed, event) is Same.YES
    used = (each for each in case.together(event, Stage.RUN) if each.before(removed))
    every = removed.everything and not removed.filtered and removed.tool == event.tool
    return every and not any(same_as(each, event) is not Same.NO for each in used)


def _disorder(event: Event, first: Event, what: str, needed: str) -> Match:
    return Match(
        span=first.span,
        variables={"image": str(event.image), "stage": what, "needed": needed, "reason": f"{what} before {needed}"},
        places=(place(first), place(event)),
        names=names_of(**{what: [first], needed: [event]}),
        label=f"{what.upper()} {first.image if first.image.parts else event.image}",
        subject=("order", event.image, event.span),
        consequence="the command fails: no such image" if what == "removed" else consequence(first),
    )


def archive_mismatch(case: Case) -> Iterator[Match]:
    """TC209: saved to one archive, another is loaded."""
    for event in case.events(Stage.LOADED, Stage.PULLED):
        if event.archive is None or not _is_unknown(event.image):
            # Where it is known what the archive holds, it is one.
            continue
        saved = [each for each in case.together(event, Stage.SAVED) if each.archive is not None]
        paths = [each.archive for each in saved if each.archive is not None]
        if not saved or any(equal(each.image, event.image) for each in saved):
            # What it holds is not known by name, but to be what was saved.
            continue
        if any(_may_be_same_file(path, event.archive) for path in paths):
            continue
        nearest = saved[-1]
        yield Match(
            span=written_at(event.archive, event.span),
            variables={"archive": str(event.archive), "saved": str(nearest.archive), "image": str(nearest.image)},
            places=(place(nearest), place(event)),
            names=names_of(saved=[nearest]),
            label=f"LOADED from {event.archive}",
            subject=("archive", event.archive, event.span),
            consequence="no such file",
        )


def _is_unknown(image: Text) -> bool:
    return len(image.holes) == len(image.parts) == 1 and image.holes[0].kind is HoleKind.OPAQUE


def _may_be_same_file(left: Text, right: Text) -> bool:
    """Whether two paths can be the same: one that is not absolute begins in a folder that is not known, and a pattern
    stands for whatever matches it."""
    if same(left, right) is not Same.NO or "*" in str(right):
        return True
    if left.leading.startswith("/") and right.leading.startswith("/"):
        return False
    ends = [split[1] if (split := path.split_at("/", last=True)) else path for path in (left, right)]
    return same(ends[0], ends[1]) is not Same.NO


def unsubstituted_placeholder(case: Case) -> Iterator[Match]:
    """TC210: a placeholder that nothing replaces reaches the cluster."""
    if not case.scenario.is_run:
        return
    for use in case.events(Stage.DEPLOYED):
        left = next((mark for mark in map(placeholder, literals(use.image)) if mark), "")
        if left and use.kubelet:
            yield Match(
                span=written_at(use.image, use.span),
                variables={"image": str(use.image), "placeholder": left, "workload": use.workload},
                places=(place(use),),
                names=names_of(deployed=[use]),
                label=f"DEPLOYED {use.image}",
                subject=("use", use.image, use.span),
                consequence="InvalidImageName",
            )
