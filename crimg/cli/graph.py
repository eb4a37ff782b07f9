"""Print which object refers to which, as a graph in the DOT language or as JSON.

A node is an object with its objref. An edge leads from the object that refers to the one that is
referred to; descriptors, mappings and threads are parts of their table, address space and task, and are named
on its edges. An object that is referred to but is not in the image is drawn with a dashed line.

  crimg graph image.bin | dot -Tsvg > image.svg
  crimg graph image.bin --object 30 --depth 2 | dot -Tx11
"""

from __future__ import annotations

import os

from crimg.cli.parser import READ
from crimg.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.graph import Edge, ObjectGraph
    from crimg.model.record import Record
    from crimg.views.subject import Subject

_MOST_LABELS = 3
_MOST_DEPTH = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help=READ)
    parser.add_argument("--object", metavar="N", help="only what is near the object with this objref")
    parser.add_argument(
        "--depth", metavar="D", type=int, help="how many references away from it, either way (default 1)"
    )
    parser.add_argument("--json", action="store_true", help="JSON (specs/graph.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg graph`; the exit status."""
    from crimg.cli.opening import opened
    from crimg.cli.output import write_lines
    from crimg.graph import ObjectGraph

    objref = _objref(args.object) if args.object is not None else None
    if args.depth is not None and (objref is None or not 0 <= args.depth <= _MOST_DEPTH):
        raise UsageError(f"--depth goes with --object N, and is 0 to {_MOST_DEPTH}")
    with opened(args.image, quiet=args.quiet) as subject:
        image = subject.image
        graph = ObjectGraph(image)
        chosen = _chosen(graph, objref, 1 if args.depth is None else args.depth)
        write_lines((_json_lines if args.json else _dot_lines)(subject, graph, chosen))
    return 0


def _objref(text: str) -> int:
    number = text.removeprefix("#")
    if not number.isdecimal() or not number.isascii():
        raise UsageError(f"--object {text}: an objref is a number, as in --object 12")
    return int(number)


def _chosen(graph: ObjectGraph, objref: int | None, depth: int) -> set[int] | None:
    """The objrefs to be shown; None for all."""
    if objref is None:
        return None
    if objref not in graph.nodes:
        raise UsageError(f"no object #{objref} in this image; the tables of crimg inspect show the numbers")
    return graph.near(objref, depth)


def _parts(graph: ObjectGraph, chosen: set[int] | None) -> tuple[list[tuple[int, Record | None]], list[Edge]]:
    """Objref and object of every node to be shown (None for what is not in the image), and the edges."""
    edges = graph.edges
    if chosen is not None:
        edges = [edge for edge in edges if edge.source in chosen and edge.target in chosen]
    numbers = set(graph.nodes) if chosen is None else chosen & graph.nodes.keys()
    numbers = numbers.union([edge.source for edge in edges], [edge.target for edge in edges])
    return [(number, graph.nodes.get(number)) for number in sorted(numbers)], edges


def _dot_lines(subject: Subject, graph: ObjectGraph, chosen: set[int] | None) -> Iterator[str]:
    """The graph in the DOT language (graphviz.org/doc/info/lang.html)."""
    from crimg.escape import escape
    from crimg.views.objects import describe

    nodes, edges = _parts(graph, chosen)
    yield f"digraph {dot_string(escape(os.path.basename(subject.name)))} {{"
    yield "  rankdir=LR;"
    yield '  node [shape=box, fontname="monospace"];'
    for number, row in nodes:
        if row is None:
            yield f'  n{number} [label="#{number} not in the image", style=dashed];'
        else:
            text = f"#{number} {type(row).noun} {escape(describe(subject, row))}".rstrip()
            yield f"  n{number} [label={dot_string(text)}];"
    for edge in edges:
        # What refers for itself is most of them, and is named by a column, which needs no quoting.
        label = f'"{edge.column}"' if edge.of_object else dot_string(_parts_text(edge))
        yield f"  n{edge.source} -> n{edge.target} [label={label}];"
    yield "}"


def dot_string(text: str) -> str:
    """A quoted string of the DOT language that is shown as exactly this text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parts_text(edge: Edge) -> str:
    """What refers: the first few parts and how many more there are."""
    from crimg.graph import row_label

    shown = ", ".join([row_label(row) for row in edge.rows[:_MOST_LABELS]])
    more = f" +{len(edge.rows) - _MOST_LABELS}" if len(edge.rows) > _MOST_LABELS else ""
    return f"{shown}{more}" + ("" if edge.column == "file" else f" {edge.column}")


def _json_lines(subject: Subject, graph: ObjectGraph, chosen: set[int] | None) -> Iterator[str]:
    from crimg.cli.inspect_json import document
    from crimg.graph import row_label
    from crimg.views.objects import describe

    nodes, edges = _parts(graph, chosen)
    node_records = [
        {
            "objref": number,
            "kind": type(row).noun if row is not None else None,
            "what": describe(subject, row) if row is not None else b"not in the image",
        }
        for number, row in nodes
    ]
    edge_records = [
        {
            "from": edge.source,
            "to": edge.target,
            "kind": type(edge.rows[0]).noun,
            "column": edge.column,
            "parts": [] if edge.of_object else [row_label(row) for row in edge.rows],
        }
        for edge in edges
    ]
    return document("graph", subject, [("nodes", node_records), ("edges", edge_records)])
