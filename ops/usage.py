"""What the command line says when it was called wrongly: Chinese, or with `--lang en` the library's own English."""

import re

from typer import _click

from ops.screen import say
from records import Lang

#: What the command-line library raises for a wrong call; exit code 2.
WrongUsage = _click.exceptions.ClickException

#: What the library says → what we say. The groups: names, values and bounds.
_CHINESE = (
    (r"Missing argument '?(.+?)'?\.", r"缺少参数 \1"),
    (r"Missing option '?(.+?)'?\.", r"缺少选项 \1"),
    (r"Missing command\.", "缺少子命令"),
    (r"No such command '(.*?)'\. Did you mean (.*)\?", r"没有命令 \1，是否要用 \2？"),
    (r"No such command '(.*?)'\.", r"没有命令 \1"),
    (r"No such option: (\S+) \(Possible options: (.*)\)", r"没有选项 \1，是否要用 \2？"),
    (r"No such option: (\S+)", r"没有选项 \1"),
    (r"Option '(.+?)' does not take a value\.", r"选项 \1 不带值"),
    (r"Option '(.+?)' requires .*", r"选项 \1 后面缺少值"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", r"多余的参数：\1"),
    (r"Invalid value(?: for '?(.+?)'?)?: (.*)", r"\1 的值不对：\2"),
)
#: Why a value is wrong, after the words above.
_REASONS = (
    (r"Value error, ", ""),
    (r"Input should be greater than or equal to (\S+)", r"不能小于 \1"),
    (r"Input should be less than or equal to (\S+)", r"不能大于 \1"),
    (r"Input should be greater than (\S+)", r"应大于 \1"),
    (r"Input should be less than (\S+)", r"应小于 \1"),
    (r"Input should be a valid integer.*", "应为整数"),
    (r"Input should be a valid number.*", "应为数字"),
    (r"Input should be a valid boolean.*", "应为 true 或 false"),
    (r"(?i:file|path|directory) '(.*)' does not exist\.", r"\1 不存在"),
    (r"(?i:file|path|directory) '(.*)' is a directory\.", r"\1 是文件夹，应为文件"),
    (r"(?i:file|path|directory) '(.*)' is a file\.", r"\1 是文件，应为文件夹"),
    (r"(?i:file|path|directory) '(.*)' is not readable\.", r"\1 无法读取"),
    (r"(?i:file|path|directory) '(.*)' is not writable\.", r"\1 无法写入"),
    (r"('.*') is not one of (.*)\.", r"\1 不在可选值之中：\2"),
    (r"('.*') does not match the formats? '%Y-%m-%d'\.", r"\1 不是 YYYY-MM-DD 形式的日期"),
)


def refused(wrong: WrongUsage, lang: Lang) -> int:
    """Say what is wrong with the call, and where its help stands; its exit code."""
    if isinstance(wrong, _click.exceptions.NoArgsIsHelpError):  # has shown its help
        return wrong.exit_code
    said = wrong.format_message()
    context = getattr(wrong, "ctx", None)
    help_command = f"{context.command_path if context else 'xunwang'} --help"
    if lang == "zh":
        say(f"命令用法有误：{in_chinese(said)}\n用法见 {help_command} [E-OPS-002]", style="red")
    else:
        say(f"Wrong usage: {said}\nSee {help_command} [E-OPS-002]", style="red")
    return wrong.exit_code


def in_chinese(said: str) -> str:
    """The library's sentence in Chinese; as it stands where the tables do not know it."""
    for pattern, ours in _CHINESE:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            return _reason(found.expand(ours)).strip()
    return said


def _reason(text: str) -> str:
    for pattern, ours in _REASONS:
        text = re.sub(pattern, ours, text)
    return text
