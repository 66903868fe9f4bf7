"""Options and arguments that several commands have, each said once."""

from typing import Annotated

import typer

Demo = Annotated[bool, typer.Option("--demo", help="在演示库里。")]
AsJson = Annotated[bool, typer.Option("--json", help="结果以 JSON 输出。")]
JsonLines = Annotated[bool, typer.Option("--json", help="每行一项，JSON。")]
By = Annotated[str, typer.Option("--by", help="谁作的决定（记入审计链）。")]
#: Narrows a list to one platform.
OfPlatform = Annotated[str, typer.Argument(help="平台代码；缺省为全部。")]
