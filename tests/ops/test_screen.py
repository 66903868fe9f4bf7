"""What strangers wrote is shown on a person's terminal as it stands, and does nothing there."""

import pytest
from rich.table import Table

from ops.screen import say, show, visible

HOSTILE = "老山[red]檀[/red] :dog: [link=http://a.test]看[/link]\x1b[2J\x07\u202e\u200b"


def test_a_hostile_text_is_written_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    table = Table("标题")
    table.add_row(HOSTILE)
    show(table)
    say(HOSTILE)
    told = capsys.readouterr()
    for shown in (told.out, told.err):
        assert "老山[red]檀[/red] :dog: [link=http://a.test]看[/link]\\u001b[2J\\u0007\\u202e\\u200b" in shown
        assert not {"\x1b", "\x07", "\u202e", "🐶"} & set(shown)


def test_our_own_lines_and_chinese_spaces_stay(capsys: pytest.CaptureFixture[str]) -> None:
    say("第一行\n第二行　空格")
    assert capsys.readouterr().err == "第一行\n第二行　空格\n"
    assert visible("一\n二") == "一\\u000a二"
