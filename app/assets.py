"""Where the files lie that the browser loads."""

import re
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
PLAYER_JS, PLAYER_CSS = ASSETS / "player.js", ASSETS / "player.css"
IMPORT = re.compile(r'^import \{(.+)\} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)


def module(path: Path) -> str:
    """An ES module as one text: the files beside it that it imports from stand before it."""
    found: dict[str, str] = {}

    def read(path: Path) -> str:
        text = path.read_text(encoding="utf-8")
        for _, name in IMPORT.findall(text):
            if name not in found:
                other = read(path.with_name(f"{name}.js"))
                names = ", ".join(EXPORT.findall(other))
                inner = re.sub(r"^export ", "", other, flags=re.MULTILINE)
                found[name] = f"const {name}_js = (() => {{\n{inner}\nreturn {{{names}}};\n}})();\n"
        return IMPORT.sub(r"const {\1} = \2_js;", text)

    last = read(path)
    return "\n".join([*found.values(), last])
