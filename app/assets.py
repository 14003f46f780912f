"""Where the files lie that the browser loads."""

import re
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PLAYER_JS, PLAYER_CSS = ASSETS / "player.js", ASSETS / "player.css"
IMPORT = re.compile(r'^import \{(.+)\} from "\./(\w+\.js)";$', re.MULTILINE)


def module(path: Path) -> str:
    """An ES module as one text: what it imports from files beside it stands inside."""

    def inside(found: re.Match) -> str:
        text = re.sub(r"^export ", "", module(path.parent / found[2]), flags=re.MULTILINE)
        return f"const {{{found[1]}}} = (() => {{\n{text}\nreturn {{{found[1]}}};\n}})();"

    return IMPORT.sub(inside, path.read_text(encoding="utf-8"))
