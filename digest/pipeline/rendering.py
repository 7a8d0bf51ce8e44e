"""Rendering behind a boundary: a paper that a template cannot show has less text, and the others are as always."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from digest.model import Evidence, Issue, Item, Paper
from digest.pipeline.set_aside import Boundary

T = TypeVar("T")


def issue(boundary: Boundary, whole: Issue, work: Callable[[Issue], T]) -> T:
    """Return the result of work on an issue, in which papers that make it fail have less text, or are left out."""
    papers = {item.paper.number: item.paper for item in _items(whole)}
    return boundary.many("issue", papers, lambda some: work(_with_papers(whole, some)))


def _items(issue: Issue) -> tuple[Item, ...]:
    return (*issue.new, *issue.updated, *issue.discover, *issue.more_new, *issue.more_updated)


def _with_papers(issue: Issue, papers: Mapping[int, Paper]) -> Issue:
    """Return an issue of these papers only; one that it does not have is added to New."""
    every = _items(issue)
    if len(every) == len(papers) and all(papers.get(item.paper.number) is item.paper for item in every):
        return issue
    others = dict(papers)

    def shown(items: Sequence[Item]) -> tuple[Item, ...]:
        found = ((item, papers.get(item.paper.number)) for item in items)
        for item in items:
            others.pop(item.paper.number, None)
        return tuple(_with_paper(item, paper) for item, paper in found if paper is not None)

    new, updated, discover = shown(issue.new), shown(issue.updated), shown(issue.discover)
    more_new, more_updated = shown(issue.more_new), shown(issue.more_updated)
    new = (*new, *map(Item, others.values()))
    return replace(
        issue, new=new, updated=updated, discover=discover, more_new=more_new, more_updated=more_updated
    )


def _with_paper(item: Item, paper: Paper) -> Item:
    """Return an item with another version of its paper, and the evidence in what the two have in common."""
    if paper is item.paper:
        return item
    if not paper.title:
        return Item(paper, item.score, changes=item.changes)
    return replace(item, paper=paper, evidence=tuple(_in(item.evidence, item.paper, paper)))


def _in(evidence: Sequence[Evidence], old: Paper, new: Paper) -> list[Evidence]:
    return [each for each in evidence if each.field != "abstract" or new.abstract == old.abstract]
