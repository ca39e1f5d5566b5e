"""What the heads of some layers write, told from the weights of the model alone."""

import argparse
from pathlib import Path

import torch

from headatlas.errors import InputError, reported
from headatlas.records.model import ModelInfo
from headatlas.records.writing import LayerWriting
from headatlas.settings.arguments import add_settings
from headatlas.settings.writing import Writing
from headatlas.storage import read_record, write_record
from headatlas.subjects.circuits import Unreadable, circuits_of, ends_of, wrong_layers
from headatlas.subjects.loading import load_recorded
from headatlas.tokens.tokenizer import open_tokenizer
from headatlas.tokens.vocabulary import ordinary_tokens, token_by_text
from headatlas.writing.analysis import asked, head_writing
from headatlas.writing.circuit import Circuit
from headatlas.writing.relations import RELATIONS, read_relations


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-info", type=Path, required=True, help="model.json of the model")
    parser.add_argument("--layers", type=int, nargs="+", required=True, help="layers, from 0")
    add_settings(parser, Writing)
    parser.add_argument("--out-dir", type=Path, required=True, help="folder of the layers' records")
    return parser.parse_args()


@reported
def main() -> None:
    args = parse_arguments()
    ours = read_relations(RELATIONS)
    own = read_relations(Path(args.relations), taken=ours) if args.relations else {}
    info = read_record(args.model_info, ModelInfo)
    tokenizer = open_tokenizer(info.source, info.commit)
    texts = {n: text for n, text in ordinary_tokens(tokenizer).items() if n < info.vocabulary}
    if args.top >= len(texts):
        allowed = f"fewer than its {len(texts)} tokens"
        raise InputError(f"--top: {args.top} is too many for {info.model}; allowed: {allowed}")
    place = {token: n for n, token in enumerate(texts)}
    by_text = token_by_text(tokenizer).items()
    questions = asked(ours, own, {text: place[n] for text, n in by_text if n in place})

    # On no GPU: a head is one matrix product, and all that is run of the model are single tokens.
    bridge = load_recorded(info, device="cpu", devices=1)
    mlp = {layer: args.first_mlp and layer > 0 for layer in args.layers}
    try:
        wrong = wrong_layers(bridge, args.layers)
        ends = ends_of(bridge, torch.tensor(list(texts)), set(mlp.values()))
    except Unreadable as error:
        wrong = dict.fromkeys(args.layers, str(error))
    pieces = list(texts.values())
    for layer in args.layers:
        heads = []
        if layer not in wrong:
            circuits = circuits_of(bridge, layer, ends, first_mlp=mlp[layer])
            for head, factors in enumerate(circuits):
                circuit = Circuit(*factors)
                heads.append(head_writing(head, circuit, questions.pairs, pieces, args.top))
        record = LayerWriting(
            model=info.model,
            layer=layer,
            reason=wrong.get(layer),
            first_mlp=mlp[layer],
            top=args.top,
            tokens=len(pieces),
            relations=questions.about,
            heads=heads,
        )
        write_record(args.out_dir / f"layer{layer:02d}.json", record)


if __name__ == "__main__":
    main()
