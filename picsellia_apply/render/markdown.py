"""Markdown for issues and pull requests: texts of others shown as text, and bodies that keep within a size.

Whatever comes from a server, a file or a manifest goes through `code`, `prose` or `html_text` and cannot break out: no
backtick, pipe, bracket, tag, entity, line break or invisible character of it means anything, and no `@name`, `#1` or
address in it becomes a link or calls a person. Must not know what is shown.

Source: GitHub Flavored Markdown 0.29; what GitHub links in text: docs.github.com, "Autolinked references and URLs".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from picsellia_apply.render.lines import plain
from picsellia_apply.render.values import cut

LONGEST = 200
"""Most characters of a name or a value that are shown."""
_GAP = "\u200b"
"""Zero-width space: what stands between the parts of a text that GitHub would otherwise link."""
_IN_SPAN = re.compile(r"(?! )[^`|\\]+(?<! )")
"""What a code span shows as it is, in a table and out of one."""
_MEANS = re.compile(r"[^\w\s.,;:'\"?=()/%+-]|(?<![^\W_])_|_(?![^\W_])")
"""What may mean something to Markdown or HTML; an underscore inside a word does not."""
_LINKED = re.compile(r"(?<=[@#])(?=\w)|(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-\d)", re.IGNORECASE)


def code(text: str) -> str:
    """Return a name or a value as code: a code span where that is safe anywhere, else an HTML element.

    Args:
        text: Anything; cut to `LONGEST` characters, control and invisible characters spelled out.
    """
    shown = cut(plain(text), LONGEST)
    if _IN_SPAN.fullmatch(shown):
        return f"`{shown}`"
    return html_code(text)


def html_code(text: str) -> str:
    """Return a name or a value as an HTML `code` element, for where Markdown is not read: a `<summary>`."""
    return f"<code>{_entities(cut(plain(text), LONGEST)) or ' '}</code>"


def prose(text: str) -> str:
    """Return a message of ours, which may hold names of others, as text; what stands between backticks is code."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:
        return html_text(text)
    return "".join(code(part) if row % 2 and part else html_text(part) for row, part in enumerate(parts))


def html_text(text: str) -> str:
    """Return a text in which nothing means anything, to Markdown, to HTML or to GitHub."""
    return _entities(_LINKED.sub(_GAP, plain(text)))


def _entities(text: str) -> str:
    return _MEANS.sub(lambda found: f"&#{ord(found[0])};" if found[0] != _GAP else _GAP, text)


def command(line: str) -> str:
    """Return a command as a block of its own: it can be copied as it is.

    Args:
        line: One line, quoted for a shell; a control or invisible character in it is spelled out, and the block says
            `text`, so that nobody takes it for something to run.
    """
    shown = plain(line)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence}{'sh' if shown == line else 'text'}\n{shown}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Return a table.

    Args:
        head: Names of the columns.
        rows: Cells, each made by `code`, `prose` or out of numbers: without `|` and line ends.
        right: Columns that are aligned to the right.
    """
    rule = ["--:" if column in right else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def details(summary: str, body: str) -> str:
    """Return what is shown when it is asked for.

    Args:
        summary: HTML, made by `html_code` and `html_text`.
        body: Markdown.
    """
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a body, parted from the others by empty lines.

    Attributes:
        text: Markdown.
        short: What stands there where the body would become too long; empty to leave it out.
        keep: It is never cut and never left out.
    """

    text: str
    short: str = ""
    keep: bool = False


def body(blocks: Sequence[Block], *, max_bytes: int | None = None, left_out: str = "{n} more are left out") -> str:
    """Return the blocks as one body; where it would be too long, later blocks are shortened, then left out, first.

    Args:
        blocks: In their order.
        max_bytes: Most bytes of UTF-8; what is marked `keep` stands there even if that alone is more.
        left_out: What is said at the end about blocks that are left out; `{n}` is their number.

    Returns:
        Text ended by a newline.
    """
    texts: list[str | None] = [block.text for block in blocks]
    if max_bytes is not None and _size(texts) > max_bytes:
        texts = _fitted(blocks, max_bytes - len(_closing(left_out, len(blocks)).encode()))
    gone = sum(text is None for text in texts)
    shown = [text for text in texts if text]
    return "\n\n".join([*shown, _closing(left_out, gone).strip()] if gone else shown) + "\n"


def _fitted(blocks: Sequence[Block], room: int) -> list[str | None]:
    """Return the texts that fit: first the short ones, in order, then whole ones in their place, in order."""
    texts: list[str | None] = [block.text if block.keep else None for block in blocks]
    used = _size(texts)
    for whole in (False, True):
        for row, block in enumerate(blocks):
            before = texts[row]
            wanted = block.text if whole or not block.short else block.short
            if block.keep or (whole and before is None) or wanted == before:
                continue
            more = len(wanted.encode()) + 2 - (len(before.encode()) + 2 if before is not None else 0)
            if used + more <= room:
                texts[row], used = wanted, used + more
    return texts


def _size(texts: Iterable[str | None]) -> int:
    return sum(len(text.encode()) + 2 for text in texts if text)


def _closing(left_out: str, count: int) -> str:
    return f"\n\n_{left_out.format(n=f'{count:,}')}_"
