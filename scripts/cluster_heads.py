"""Group the heads of a model into families by the words or the weights of their explanations."""

import argparse
from pathlib import Path

from headatlas.clustering.families import describe_families
from headatlas.clustering.other import other_families
from headatlas.clustering.points import points_of
from headatlas.errors import reported
from headatlas.records.base import head_name
from headatlas.records.clusters import Clusters
from headatlas.records.explanation import Explanation
from headatlas.settings.arguments import add_settings, settings_of
from headatlas.settings.clustering import Clustering
from headatlas.storage import read_record, write_record


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--corpus", required=True, help="name of the corpus")
    parser.add_argument("--explainer", required=True, help="name of the explainer")
    parser.add_argument("--clustering", required=True, help="name of the clustering")
    parser.add_argument("--heads", nargs="+", required=True, help="heads to group, as LxxHyy")
    parser.add_argument("--explanations", type=Path, required=True, help="their folder")
    add_settings(parser, Clustering)
    parser.add_argument("--out", type=Path, required=True, help="families (JSON)")
    return parser.parse_args()


@reported
def main() -> None:
    arguments = parse_arguments()
    everything = [
        read_record(arguments.explanations / f"{head}.json", Explanation)
        for head in sorted(arguments.heads)
    ]
    explained = [e for e in everything if e.status == "explained"]
    names = [head_name(e.layer, e.head) for e in explained]
    settings = settings_of(arguments, Clustering)
    points = points_of(explained, settings)
    clusters, unclustered = describe_families(names, explained, points, settings)
    record = Clusters(
        model=arguments.model,
        corpus=arguments.corpus,
        explainer=arguments.explainer,
        clustering=arguments.clustering,
        of=settings.of,
        clusters=clusters,
        unclustered=unclustered,
        unexplained=[head_name(e.layer, e.head) for e in everything if e.status != "explained"],
        other=other_families(names, explained, clusters, settings),
    )
    write_record(arguments.out, record)


if __name__ == "__main__":
    main()
