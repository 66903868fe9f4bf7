"""Who runs a platform, read from the foot of its page; the check digit of GB 32100-2015."""

import pytest

from crawler import definition
from crawler.imprint import read_imprint
from records import Page, is_credit_code, now

LIST = "<div class=item>统一社会信用代码：91350100M000100Y43 京ICP备11111111号 假冒有限公司</div>"
FOOT = (
    "<p>经营者：示例 集团</p> 经营者名称：示例网络科技有限公司　统一社会信用代码： 91000000ma00000a14 "
    "| 鲁ICP备 12345678 号-2 | 住所：山东省枣庄市示例路1号 | <a href='/zz?id=1'>营业执照</a>"
)


def page(body: str) -> Page:
    text = f"<html><body>{body}</body></html>"
    return Page(url="https://a.test/l", final_url="https://a.test/l", status=200, body=text.encode(), fetched_at=now())


@pytest.mark.parametrize("foot", ["<footer>{}</footer>", "<div class='g-footer x'><div class=footer>{}</div></div>"])
def test_the_foot_tells_who_and_sellers_tell_nothing(foot: str) -> None:
    found = read_imprint(definition("demo_ads"), page(LIST + foot.format(FOOT)))
    assert found.operator == "示例网络科技有限公司"
    assert found.uscc == "91000000MA00000A14" and is_credit_code(found.uscc)
    assert found.icp == "鲁ICP备12345678号-2"
    assert found.seat == "山东省枣庄市示例路1号"
    assert found.license_url == "https://a.test/zz?id=1"


def test_without_a_foot_the_end_of_the_page_counts() -> None:
    found = read_imprint(
        definition("demo_ads"), page(LIST + "<p>说明</p>" * 800 + "<p>© 示例科技有限公司 京ICP证030173号</p>")
    )
    assert (found.operator, found.icp, found.uscc) == ("示例科技有限公司", "京ICP证030173号", "")


def test_a_page_that_says_nothing_names_nobody() -> None:
    assert not read_imprint(definition("demo_ads"), page("<footer>关于我们</footer>")).says_who
    assert not read_imprint(definition("demo_ads"), page("")).says_who


def test_the_check_digit() -> None:
    assert is_credit_code("91350100M000100Y43")  # the example of the standard
    code = "91000000MA00000A14"
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    # one wrong character is always found, wherever it stands
    wrong = [code[:at] + other + code[at + 1 :] for at in range(18) for other in digits if other != code[at]]
    assert len(wrong) == 18 * 30 and not any(map(is_credit_code, wrong))
    assert not is_credit_code("91000000MA00000A1") and not is_credit_code("91000000MAO0000A14")
