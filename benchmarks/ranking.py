"""Learning from k liked papers and ranking later papers, compared with the usual classifiers.

    python benchmarks/ranking.py [DATA_FOLDER] [--users 10] [--liked 1,5,20] [--side held] [--skip-slow] [--refresh N]
        [--papers N] [--embeddings FILE] [--json]

MEDLINE: a user is a main heading with at least 20 records, in the order of their numbers. The first k records are
liked, all records after them are ranked, and those with the heading are right. `ours` uses the keywords of the
subscription (the words of the heading) and the likes; `ours, likes` uses only the likes, like the classifiers.
Headings are split in two halves by a hash: the constants were chosen on `train`, and the default is the other half.
arXiv: a user wants a category and a pair of words in the title, and likes the first k papers; the papers of each later
day are ranked (mean over days with a right paper).

The key sentence is compared with fixed positions (see `key_sentence` for the label). `--refresh` learns and ranks for
that many users one after the other. `--only clicks` compares weights of a click. `--only likeness` shows
how much more often papers of each closeness to the liked ones have their heading than papers in general.

`--embeddings FILE` adds a sentence model (see `minilm.py`), whose vectors of MEDLINE are read from the file, or computed
and saved there. `MiniLM, likes` is the centroid of the liked papers minus the mean of all; `MiniLM` adds the vector of
the heading; `ours + MiniLM` is the sum of both scores, each divided by its deviation.

The classifiers use TF-IDF of 1-2-grams with 20,000 features. Times are for fitting and ranking, per user.
"""

import argparse
import gzip
import json
import re
import statistics
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from digest.match.query.parser import query_of
from digest.model import Paper
from digest.pipeline.ranking import SURE
from digest.rank import taste
from digest.rank.taste import BACKGROUND_PAPERS, KEYWORDS_COUNT, Space, closeness, score
from digest.text.gist import gist
from digest.text.sentences import sentences
from digest.text.words import words

DATA = Path(__file__).parents[2] / "shared" / "data"
SEEN = datetime(2026, 1, 1, tzinfo=UTC)
MEASURES = ("auc", "p10", "ndcg10", "r50")
DISCOUNT = 1 / np.log2(np.arange(2, 12))
CLOSE = (-1.0, 0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
CLICKS, CLICK_WEIGHTS, RIGHT_SHARES = 20, (0.0, 0.1, 0.2, 0.4, 0.7, 1.0), (0.9, 0.7, 0.5, 0.3)
Ranker = Callable[[Sequence[int], str], np.ndarray]


def medline(folder: Path) -> tuple[list[Paper], dict[str, list[int]]]:
    """Return the papers in the order of their numbers, and the indexes of the papers with each main heading."""
    with gzip.open(next((folder / "medline").glob("*.jsonl.gz")), "rt") as file:
        records = sorted(map(json.loads, file), key=lambda record: int(record["pmid"]))
    places = defaultdict(list)
    for place, record in enumerate(records):
        for heading in set(record["major"]):
            places[heading].append(place)
    papers = [Paper(n, str(n), each["title"], each["abstract"], SEEN) for n, each in enumerate(records, 1)]
    return papers, {heading: where for heading, where in sorted(places.items()) if len(where) >= 20}


def chosen(headings: Sequence[str], side: str, count: int) -> list[str]:
    """Return `count` headings of one half, in the order of their hashes."""
    by_hash = sorted((sha256(each.encode()).digest(), each) for each in headings)
    return [each for digest, each in by_hash if (digest[0] % 2 == 0) == (side == "train")][:count]


def fewer(
    papers: list[Paper], users: dict[str, list[int]], count: int
) -> tuple[list[Paper], dict[str, list[int]]]:
    """Return about `count` papers in order, with all papers of the users, and the new indexes of these."""
    theirs = {place for where in users.values() for place in where}
    others = [place for place in range(len(papers)) if place not in theirs]
    step = max(1, round(len(others) / max(1, count - len(theirs))))
    kept = sorted(theirs | set(others[::step]))
    now_at = {place: n for n, place in enumerate(kept)}
    return [papers[place] for place in kept], {
        heading: [now_at[place] for place in where] for heading, where in users.items()
    }


# --- rankers ---------------------------------------------------------------------------------------


def ours(papers: list[Paper], *, with_keywords: bool) -> Ranker:
    """Return the ranker of digest, with a background of as many papers as in a run, spread evenly."""
    step = max(1, len(papers) // BACKGROUND_PAPERS)
    space = Space(papers[::step])
    rows = space.matrix(papers)
    nothing = np.zeros(0)

    def rank(liked: Sequence[int], heading: str) -> np.ndarray:
        keywords = nothing
        if with_keywords and (asked := " ".join(re.findall(r"[A-Za-z]{2,}", heading))):
            keywords = space.keywords(query_of([f'"{asked}"']))
        return score(rows, space.profile(keywords, rows[list(liked)]).weights)

    return rank


def embedded(papers: list[Paper], kept: Path, with_keywords: Ranker) -> dict[str, Ranker]:
    """Return rankers with a sentence model, alone and combined with ours; none if it is not installed."""
    import minilm

    path = minilm.folder()
    if path is None:
        print("the sentence model is not installed; see benchmarks/minilm.py", file=sys.stderr)
        return {}
    model = minilm.Model(path)
    if not kept.exists():
        start = time.perf_counter()
        np.save(kept, model.vectors([f"{paper.title} {paper.abstract}" for paper in papers]))
        each = 1000 * (time.perf_counter() - start) / len(papers)
        print(f"sentence model: {each:.1f} ms per paper", file=sys.stderr)
    vectors = np.load(kept)
    vectors = vectors - vectors.mean(axis=0)
    asked: dict[str, np.ndarray] = {}

    def likes(liked: Sequence[int], _heading: str) -> np.ndarray:
        return vectors @ vectors[list(liked)].mean(axis=0)

    def heading_too(liked: Sequence[int], heading: str) -> np.ndarray:
        if heading not in asked:
            asked[heading] = model.vectors([heading])[0]
        return vectors @ (KEYWORDS_COUNT * asked[heading] + vectors[list(liked)].sum(axis=0))

    def both(liked: Sequence[int], heading: str) -> np.ndarray:
        scores = with_keywords(liked, heading), heading_too(liked, heading)
        return sum((each / each.std() for each in scores), np.zeros(len(papers)))

    return {"MiniLM, likes": likes, "MiniLM": heading_too, "ours + MiniLM": both}


def classifiers(papers: list[Paper]) -> dict[str, Ranker]:
    features = TfidfVectorizer(
        strip_accents="unicode", stop_words="english", ngram_range=(1, 2), max_features=20_000,
        sublinear_tf=True, max_df=0.1, min_df=5, token_pattern=r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b",
    ).fit_transform(f"{paper.title}\n{paper.abstract}" for paper in papers)  # fmt: skip

    def fitted(model: LinearSVC | LogisticRegression) -> Ranker:
        def rank(liked: Sequence[int], _heading: str) -> np.ndarray:
            labels = np.zeros(len(papers))
            labels[list(liked)] = 1
            return model.fit(features, labels).decision_function(features)

        return rank

    def centroid(liked: Sequence[int], _heading: str) -> np.ndarray:
        return features @ np.asarray(features[list(liked)].mean(axis=0)).ravel()

    return {
        "LinearSVC 0.01": fitted(LinearSVC(class_weight="balanced", C=0.01)),
        "LinearSVC 0.1": fitted(LinearSVC(class_weight="balanced", C=0.1)),
        "logistic": fitted(LogisticRegression(class_weight="balanced", solver="liblinear")),
        "centroid": centroid,
    }


def bm25(papers: list[Paper]) -> Ranker:
    texts = [re.findall(r"[a-z0-9]+", f"{paper.title} {paper.abstract}".lower()) for paper in papers]
    lengths = np.array([len(text) for text in texts])
    postings = defaultdict(list)
    for place, text in enumerate(texts):
        for word, times in Counter(text).items():
            postings[word].append((place, times))
    tables = {word: np.array(pairs).T for word, pairs in postings.items()}

    def rank(_liked: Sequence[int], heading: str) -> np.ndarray:
        found = np.zeros(len(papers))
        for word in re.findall(r"[a-z0-9]+", heading.lower()):
            if word in tables:
                where, times = tables[word]
                rare = np.log(1 + (len(papers) - len(where) + 0.5) / (len(where) + 0.5))
                found[where] += (
                    rare * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * lengths[where] / lengths.mean()))
                )
        return found

    return rank


# --- measuring -------------------------------------------------------------------------------------


def measures(scores: np.ndarray, right: np.ndarray) -> tuple[float, ...]:
    """Return AUC (ties count half), precision at 10, nDCG at 10, recall at 50."""
    hits = right[np.argsort(-scores, kind="stable")]
    count = int(right.sum())
    below = rankdata(scores)[right].sum() - count * (count + 1) / 2
    gain = (hits[:10] * DISCOUNT[: len(hits)]).sum() / DISCOUNT[: min(10, count)].sum()
    return below / (count * (len(right) - count)), hits[:10].mean(), gain, hits[:50].sum() / count


def tried(rank: Ranker, users: dict[str, list[int]], k: int, total: int) -> dict[str, float] | None:
    """Return the means over users with at least five later papers, and the median time."""
    found, times = [], []
    for heading, places in users.items():
        if len(places) < k + 5:
            continue
        start = time.perf_counter()
        scores = rank(places[:k], heading)
        times.append(time.perf_counter() - start)
        right = np.zeros(total, bool)
        right[places[k:]] = True
        first = places[k - 1] + 1
        found.append(measures(scores[first:], right[first:]))
    if not found:
        return None
    means = map(float, np.mean(found, axis=0))
    return {
        "users": len(found),
        **dict(zip(MEASURES, means, strict=True)),
        "ms": 1000 * statistics.median(times),
    }


def medline_rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    papers, places = medline(arguments.folder)
    users = {each: places[each] for each in chosen(list(places), arguments.side, arguments.users)}
    if arguments.papers:
        papers, users = fewer(papers, users, arguments.papers)
    rankers = {
        "ours": ours(papers, with_keywords=True),
        "ours, likes": ours(papers, with_keywords=False),
        "BM25, heading": bm25(papers),
        **classifiers(papers),
    }
    if arguments.embeddings:
        rankers |= embedded(papers, arguments.embeddings, rankers["ours"])
    rows = []
    for k in map(int, arguments.liked.split(",")):
        for name, rank in rankers.items():
            if arguments.skip_slow and name.startswith(("LinearSVC", "logistic")):
                continue
            if found := tried(rank, users, k, len(papers)):
                rows.append({"data": "medline", "liked": k, "ranker": name, **found})
    return rows


def discover_rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """The papers of `discover = 3`: among every 500 later papers without the words of the heading, the best matches.

    `sure` is their number per 500 papers, `right` the share of them with the heading, and `chance` the share of all
    papers without the words that have the heading.
    """
    papers, places = medline(arguments.folder)
    texts = [f"{paper.title} {paper.abstract}".lower() for paper in papers]
    space = Space(papers[:: max(1, len(papers) // BACKGROUND_PAPERS)])
    rows = space.matrix(papers)
    results = []
    for k in map(int, arguments.liked.split(",")):
        brought = right = weeks = users = 0
        chance = []
        for heading in chosen(list(places), arguments.side, arguments.users):
            having = np.isin(np.arange(len(papers)), places[heading])
            liked = places[heading][:k]
            asked = " ".join(re.findall(r"[A-Za-z]{2,}", heading))
            if len(places[heading]) < k + 5 or not asked:
                continue
            users += 1
            profile = space.profile(space.keywords(query_of([f'"{asked}"'])), rows[liked])
            close = score(rows, profile.weights) / profile.level
            others = np.array([n for n in range(liked[-1] + 1, len(papers)) if asked.lower() not in texts[n]])
            chance.append(having[others].mean())
            for first in range(0, len(others), 500):
                week = others[first : first + 500]
                best = week[np.argsort(-close[week], kind="stable")[:3]]
                sure = best[close[best] >= SURE]
                brought, right, weeks = brought + len(sure), right + having[sure].sum(), weeks + 1
        results.append(
            {"liked": k, "users": users, "sure": brought / weeks, "right": float(right / brought),
             "chance": float(np.mean(chance))}
        )  # fmt: skip
    return results


def likeness_rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """How often later papers have the heading of the liked ones, by their closeness to these, likes alone."""
    papers, places = medline(arguments.folder)
    space = Space(papers[:: max(1, len(papers) // BACKGROUND_PAPERS)])
    rows = space.matrix(papers)
    results = []
    for k in map(int, arguments.liked.split(",")):
        count, right, chance = np.zeros(len(CLOSE) - 1), np.zeros(len(CLOSE) - 1), []
        for heading in chosen(list(places), arguments.side, arguments.users):
            if len(places[heading]) < k + 5:
                continue
            liked = places[heading][:k]
            close = np.array(closeness(space.likeness(rows[liked]), rows))[liked[-1] + 1 :]
            having = np.isin(np.arange(liked[-1] + 1, len(papers)), places[heading])
            count += np.histogram(close, CLOSE)[0]
            right += np.histogram(close[having], CLOSE)[0]
            chance.append(having.mean())
        results += [
            {
                "liked": k,
                "from": CLOSE[n],
                "papers": int(count[n]),
                "times": right[n] / count[n] / np.mean(chance),
            }
            for n in range(len(count))
            if count[n]
        ]
    return results


def click_rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """What 20 simulated clicks add to k likes, for several weights of a click in likes.

    Right clicks are on the next papers with the heading. Wrong clicks are on the best-ranked earlier papers without it,
    which an issue would show at its top. All later papers are ranked.
    """
    papers, places = medline(arguments.folder)
    space = Space(papers[:: max(1, len(papers) // BACKGROUND_PAPERS)])
    rows = space.matrix(papers)
    found: dict[tuple[int, float, float], list[tuple[float, ...]]] = defaultdict(list)
    for k in map(int, arguments.liked.split(",")):
        for heading in chosen(list(places), arguments.side, arguments.users):
            where = places[heading]
            if len(where) < k + CLICKS + 5:
                continue
            asked = " ".join(re.findall(r"[A-Za-z]{2,}", heading))
            keywords = space.keywords(query_of([f'"{asked}"'])) if asked else np.zeros(0)
            first = where[k + CLICKS - 1] + 1
            having = np.isin(np.arange(len(papers)), where)
            close = score(rows, space.profile(keywords, rows[where[:k]]).weights)
            tempting = [place for place in np.argsort(-close[:first], kind="stable") if not having[place]]
            for share in RIGHT_SHARES:
                right = round(CLICKS * share)
                clicked = [*where[k : k + right], *tempting[: CLICKS - right]]
                for weight in CLICK_WEIGHTS:
                    taste.CLICKED = weight
                    profile = space.profile(keywords, rows[where[:k]], None, rows[clicked])
                    later = score(rows, profile.weights)[first:]
                    found[k, share, weight].append(measures(later, having[first:]))
    return [
        {"liked": k, "right": share, "weight": weight, "users": len(each),
         **dict(zip(MEASURES, map(float, np.mean(each, axis=0)), strict=True))}
        for (k, share, weight), each in found.items()
    ]  # fmt: skip


# --- arXiv, day by day -----------------------------------------------------------------------------


def arxiv(folder: Path) -> tuple[list[Paper], list[list[int]]]:
    """Return the papers in the order in which they were first seen, and the indexes of each day."""
    with gzip.open(next((folder / "arxiv-days").glob("papers*.jsonl.gz")), "rt") as file:
        records = sorted(map(json.loads, file), key=lambda each: (each["first_seen"], each["id"]))
    days = defaultdict(list)
    for place, each in enumerate(records):
        days[each["first_seen"]].append(place)
    papers = [
        Paper(
            n, each["id"], each["title"], each["summary"], SEEN,
            categories=tuple(each["categories"]), published=date.fromisoformat(each["first_seen"]),
        )
        for n, each in enumerate(records, 1)
    ]  # fmt: skip
    return papers, [days[day] for day in sorted(days)]


def interests(papers: list[Paper], count: int) -> dict[str, list[int]]:
    """Return users: a category and a pair of adjacent title words that 30 to 300 of its papers have."""
    met = defaultdict(list)
    for place, paper in enumerate(papers):
        letters = re.findall(r"[a-z]{4,}", paper.title.lower())
        for pair in set(pairwise(letters)):
            met[paper.categories[0], *pair].append(place)
    fitting = [key for key, where in met.items() if 30 <= len(where) <= 300]
    fitting.sort(key=lambda key: sha256(repr(key).encode()).digest())
    return {" ".join(key[1:]): met[key] for key in fitting[:count]}


def replay_rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Rank the papers of each later day by likes only, because the words that define a user are in the texts."""
    papers, days = arxiv(arguments.folder)
    users = interests(papers, arguments.users)
    rankers = {"ours, likes": ours(papers, with_keywords=False), **classifiers(papers)}
    rows = []
    for k in map(int, arguments.liked.split(",")):
        for name, rank in rankers.items():
            if arguments.skip_slow and name.startswith(("LinearSVC", "logistic")):
                continue
            found, times = [], []
            for heading, places in users.items():
                start = time.perf_counter()
                scores = rank(places[:k], heading)
                times.append(time.perf_counter() - start)
                right = np.zeros(len(papers), bool)
                right[places[k:]] = True
                for day in days:
                    later = np.array([place for place in day if place > places[k - 1]])
                    if len(later) and 0 < right[later].sum() < len(later):
                        found.append(measures(scores[later], right[later]))
            if found:
                means = dict(zip(MEASURES, map(float, np.mean(found, axis=0)), strict=True))
                rows.append(
                    {"data": "arxiv", "liked": k, "ranker": name, "users": len(users), **means,
                     "ms": 1000 * statistics.median(times)}
                )  # fmt: skip
    return rows


# --- many users, and the key sentence ---------------------------------------------------------------


def refresh(arguments: argparse.Namespace) -> dict[str, object]:
    """Learn and rank all of MEDLINE for many users with 5 liked papers each, on one core."""
    papers, places = medline(arguments.folder)
    rank = ours(papers, with_keywords=True)
    headings = list(places)
    start = time.perf_counter()
    for user in range(arguments.refresh):
        heading = headings[user % len(headings)]
        first = user // len(headings) % (len(places[heading]) - 4)
        rank(places[heading][first : first + 5], heading)
    return {"users": arguments.refresh, "papers": len(papers), "seconds": time.perf_counter() - start}


def key_sentence(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Compare the key sentence with fixed positions on arXiv abstracts with at least four sentences.

    The right sentence is derived: it shares most words with the title, weighted by rarity. No method sees the title.
    `share` is the mean share of the weight of the title's words that are in the chosen sentence.
    """
    papers, _ = arxiv(arguments.folder)
    stems = [{word.stem for word in words(paper.title)} for paper in papers]
    frequency = Counter(stem for each in stems for stem in each)
    choosers: dict[str, Callable[[str, tuple[tuple[int, int], ...]], int | None]] = {
        "ours": lambda text, parts: found.claim.place if (found := gist(text, parts)) else None,
        "first": lambda _text, _parts: 0,
        "second": lambda _text, _parts: 1,
        "middle": lambda _text, parts: len(parts) // 2,
        "last": lambda _text, parts: len(parts) - 1,
    }
    right, shares, cases = Counter(), Counter(), 0
    for paper, title in zip(papers[::4], stems[::4], strict=True):
        text = " ".join(paper.abstract.split())
        parts = sentences(text)
        if len(parts) < 4 or not title:
            continue
        cases += 1
        rarity = {stem: np.log(len(papers) / frequency[stem]) for stem in title}
        shared = [sum(rarity[s] for s in title & {w.stem for w in words(text[slice(*at)])}) for at in parts]
        for name, choose in choosers.items():
            place = choose(text, parts) or 0
            right[name] += shared[place] == max(shared)
            shares[name] += shared[place] / sum(rarity.values())
    return [
        {
            "chooser": name,
            "abstracts": cases,
            "best": right[name] / cases,
            "share": float(shares[name]) / cases,
        }
        for name in choosers
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--liked", default="1,5,20")
    parser.add_argument("--side", choices=("held", "train"), default="held")
    parser.add_argument(
        "--only", choices=("medline", "arxiv", "discover", "clicks", "sentence", "refresh", "likeness")
    )
    parser.add_argument("--refresh", type=int, default=1_000, metavar="USERS")
    parser.add_argument("--skip-slow", action="store_true", help="skip the fitted classifiers")
    parser.add_argument("--papers", type=int, help="rank only this many papers of MEDLINE (default: all)")
    parser.add_argument("--embeddings", type=Path, metavar="FILE", help="vectors of a sentence model (.npy)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # classifiers that do not converge are still baselines
    rows = []
    for data, measure in (("medline", medline_rows), ("arxiv", replay_rows)):
        name = {"medline": "medline", "arxiv": "arxiv-days"}[data]
        if arguments.only in {None, data} and any((arguments.folder / name).glob("*.jsonl.gz")):
            rows += measure(arguments)
    has_arxiv = any((arguments.folder / "arxiv-days").glob("*.jsonl.gz"))
    has_medline = any((arguments.folder / "medline").glob("*.jsonl.gz"))
    chosen_sentences = key_sentence(arguments) if arguments.only in {None, "sentence"} and has_arxiv else []
    refreshed = refresh(arguments) if arguments.only in {None, "refresh"} and has_medline else None
    discovered = discover_rows(arguments) if arguments.only in {None, "discover"} and has_medline else []
    clicks = click_rows(arguments) if arguments.only in {None, "clicks"} and has_medline else []
    likeness = likeness_rows(arguments) if arguments.only in {None, "likeness"} and has_medline else []
    if arguments.json:
        print(
            json.dumps(
                {
                    "likeness": likeness,
                    "rows": rows,
                    "discover": discovered,
                    "clicks": clicks,
                    "key_sentence": chosen_sentences,
                    "refresh": refreshed,
                }
            )
        )
        return
    for each in chosen_sentences:
        print(
            f"key sentence {each['chooser']:7} best {each['best']:.3f} share {each['share']:.3f} of {each['abstracts']}"
        )
    if refreshed:
        print(
            f"{refreshed['users']} users × {refreshed['papers']} papers: {refreshed['seconds']:.1f} s, one core"
        )
    for row in discovered:
        print(
            f"discover, {row['liked']:2} liked: {row['sure']:.2f} of 500 papers, {row['right']:.3f} of them right "
            f"(chance {row['chance']:.4f}), {row['users']} users"
        )
    for row in clicks:
        print(
            f"{CLICKS} clicks, {row['right']:.0%} right, each {row['weight']:.1f} of a like, {row['liked']:2} liked: "
            f"AUC {row['auc']:.4f} nDCG@10 {row['ndcg10']:.4f} ({row['users']} users)"
        )
    for row in likeness:
        print(
            f"closeness from {row['from']:5.2f}, {row['liked']:2} liked: {row['papers']:7} papers, the heading "
            f"{row['times']:5.1f} times as often as in all"
        )
    if arguments.only in {"likeness", "discover", "clicks", "sentence", "refresh"}:
        return
    if not rows:
        print(f"{arguments.folder}: has no medline or arxiv-days; give a folder that has them")
        return
    print(
        f"{'data':8} {'liked':>5} {'ranker':15} {'users':>5} {'AUC':>6} {'P@10':>6} {'nDCG@10':>8} {'R@50':>6} {'ms/user':>9}"
    )
    for row in rows:
        print(
            f"{row['data']:8} {row['liked']:5} {row['ranker']:15} {row['users']:5} {row['auc']:6.4f} {row['p10']:6.3f} "
            f"{row['ndcg10']:8.4f} {row['r50']:6.3f} {row['ms']:9.1f}"
        )


if __name__ == "__main__":
    main()
