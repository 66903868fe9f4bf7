"""Names in other languages and letters are found as sellers write them; brands, colours and toys are left alone."""

from pathlib import Path

import pytest

from keywords import LexiconBroken, Matcher, builtin, read_folder
from keywords.files import _own_folder
from keywords.parts import characters
from keywords.romanising import romanised
from keywords.zhuyin import spelled

_MATCHER = Matcher(builtin())


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("genuine ivory 圆章 阁楼翻出来", "ivory"),
        ("vòng ngà voi 小圈口", "ivory"),
        ("งาช้าง 吊坠", "ivory"),
        ("ゾウゲ 根付 昭和", "ivory"),
        ("бивень слона 一截", "ivory"),
        ("sừng tê giác 一小块", "rhino"),
        ("SUNG TE GIAC 一小块", "rhino"),
        ("Rhinoceros unicornis 角杯", "rhino"),
        ("xương hổ 两节", "tiger"),
        ("tiger fang 挂脖子的", "tiger"),
        ("mật gấu 两小管", "bear"),
        ("медвежья желчь 一袋", "bear"),
        ("vảy tê tê 晒好", "pangolin"),
        ("Manis pentadactyla 半袋", "pangolin"),
        ("M. pentadactyla 半袋", "pangolin"),
        ("струя кабарги 一个", "musk"),
        ("рога сайгака 三对", "antelope"),
        ("べっ甲 櫛 祖母", "hawksbill"),
        ("Eretmochelys imbricata 背板", "hawksbill"),
        ("san hô đỏ 小枝", "red_coral"),
        ("シャコガイ 大片", "giant_clam"),
        ("helmeted hornbill skull 一个", "hornbill"),
        ("Falco cherrug 今年的", "raptor"),
        ("hyacinth macaw 两岁", "bird_live"),
        ("Astrochelys radiata 6公分", "reptile_live"),
        ("thịt rừng 今晚到", "bushmeat"),
        ("スローロリス 断奶了", "other_taxa"),
        ("かすみ網 十米", "tool_net"),
        ("электроудочка 全套", "tool_electric"),
        ("đồ rừng 什么都有", "trade_generic"),
        ("из слоновой кости 小观音", "ivory"),
        ("quạt đồi mồi 老的", "hawksbill"),
        ("túi xạ hương 带毛", "musk"),
        ("чонын шагай 两个", "bigcat"),
        ("когти тигра 一对", "tiger"),
        ("송골매 上拳了", "raptor"),
        ("бүргэд 半岁", "raptor"),
        ("ลูกนาก 断奶", "other_taxa"),
        ("sulcata 公母一对 没手续", "reptile_live"),
        ("เต่าดาว 5公分", "reptile_live"),
        ("crossbow hunting 全套", "tool_crossbow"),
        ("senapan angin 带瞄", "tool_crossbow"),
        ("thòng lọng bẫy 一百根", "tool_snare"),
        ("霞網 十二米", "tool_net"),
    ],
)
def test_a_foreign_name_is_found(text: str, category: str) -> None:
    found = _MATCHER.explain(text)
    assert found.level.is_hit and found.category == category


@pytest.mark.parametrize(
    "text",
    [
        "сапсан 双肩包 新款",
        "варан 手机壳 透明",
        "tegu 磁铁积木 木头",
        "radiated heat 散热片",
        "PCP 气管接头 8mm",
        "tooth pendant 银吊坠 牙齿形",
        "ivory white 连衣裙 夏季",
        "ivory 色 蕾丝头纱",
        "Tiger Balm 虎标万金油 19克",
        "Onitsuka Tiger 板鞋 42码",
        "White Musk 香水 50ml",
        "Rhino Shield 手机壳 防摔",
        "犀牛盾 RhinoShield 边框 iPhone",
        "Coral 珊瑚粉 口红",
        "Leopard print 衬衫 L码",
        "tortoiseshell glasses 板材 复古",
        "Python 编程 从入门到实践 二手书",
        "Cobra 高尔夫 球杆",
        "Otter 防水壳 OtterBox",
        "DABAO 大宝 SOD蜜",
        "Golden Eagle 冲锋枪 玩具水弹",
        "Hawk 滑板 Tony",
        "Bear paw 面包模具",
        "Chang 泰象啤酒 一箱",
        "Elephant 象印 保温杯 500ml",
        "Pangolin 玩偶 毛绒 礼物",
        "ML 200 水杯 刻度 cm",
        "XY 坐标轴 学生 直尺",
        "HP 打印机 墨盒 一对",
        "DM 家电 四件套",
        "XD 存储卡 2G",
        "LG 冰箱 对开门",
        "SX-70 拍立得 相机",
    ],
)
def test_ordinary_goods_with_such_words_are_left_alone(text: str) -> None:
    assert not _MATCHER.explain(text).level.is_hit


def test_a_short_name_without_its_marks_needs_company() -> None:
    assert _MATCHER.explain("da báo 一张").level.is_hit
    assert not _MATCHER.explain("da bao 一张").level.is_hit
    assert _MATCHER.explain("da bao 整皮 手套料 老挝带的 懂的来").level.is_hit


def test_a_phrase_of_other_letters_is_no_pair() -> None:
    """Its words must stand together: what is apart is two words of a sentence."""
    assert _MATCHER.explain("ngà voi").matches[0].technique != "pair"
    assert "ngà voi" not in {match.term for match in _MATCHER.explain("ngà 手镯店 voi").matches}


def test_foreign_names_stand_in_their_category(tmp_path: Path) -> None:
    for path in _own_folder().glob("*.yml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    ivory = tmp_path / "ivory.yml"
    told = ivory.read_text("utf-8")
    ivory.write_text(told.replace("foreign:", "foreign:\n  - strong: [yeti horn]", 1), "utf-8")
    assert [term.category for term in read_folder(tmp_path).terms if term.text == "yeti horn"] == ["ivory"]
    ivory.write_text(told.replace("foreign:", "foreign:\n  - strange: [yeti horn]", 1), "utf-8")
    with pytest.raises(LexiconBroken, match=r"ivory\.yml.*strange"):
        read_folder(tmp_path)
    (tmp_path / "foreign.yml").write_text("- {category: beast, strong: [yeti horn]}", encoding="utf-8")
    ivory.write_text(told, "utf-8")
    with pytest.raises(LexiconBroken, match=r"foreign\.yml"):
        read_folder(tmp_path)


# --- letters ---


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ㄒㄧㄤˋ ㄧㄚˊ 圖章", "ivory"),
        ("ㄏㄨˇㄍㄨˇ 一節", "tiger"),
        ("穿ㄕㄢ ㄐㄧㄚˇ 鱗片", "pangolin"),
    ],
)
def test_bopomofo_is_read_as_pinyin(text: str, category: str) -> None:
    found = _MATCHER.explain(text)
    assert found.level.is_hit and found.category == category
    assert "zhuyin" in {match.technique for match in found.matches if match.counts}


def test_bopomofo_of_every_syllable_is_another() -> None:
    assert len(set(spelled().values())) == len(spelled()) > 390
    assert spelled()["ㄒㄩㄥ"] == "xiong" and spelled()["ㄓㄨ"] == "zhu" and spelled()["ㄌㄩ"] == "lv"
    assert spelled().items() <= characters().items()


def test_a_stroke_between_characters_is_no_bopomofo() -> None:
    assert _MATCHER.explain("野猪ㄧ套 钢丝").level.is_hit


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("xiang4ya2 手串 老料", "ivory"),
        ("xaingya 手串 老料", "ivory"),
        ("zoeng6 ngaa4 手串 老料", "ivory"),
        ("x1angya 手串 老料", "ivory"),
        ("linyangjiao 一支 透光 退烧", "antelope"),
        ("xi@ngya 手串 老料", "ivory"),
        ("虎骨9 十年坛", "tiger"),
        ("6龟 苗 公母", "reptile_live"),
        ("HSH 原枝 33克", "red_coral"),
        ("chu yi kuai xiangya zhang, yao de lai", "ivory"),
    ],
)
def test_letters_that_are_no_plain_pinyin(text: str, category: str) -> None:
    found = _MATCHER.explain(text)
    assert (found.category if found.level.is_hit else "") == category


def test_a_sentence_that_is_no_pinyin_says_nothing() -> None:
    assert not _MATCHER.explain("she like xiang ya very much").level.is_hit


def test_romanised_names_never_repeat_their_pinyin() -> None:
    found = list(romanised("象牙", ["xiang4", "ya2"]))
    assert "xiangya" not in found and {"xiang4ya2", "zoeng6ngaa4", "zoengngaa", "x1angya"} <= set(found)
    assert len(found) == len(set(found))


def test_nothing_is_generated_of_a_foreign_name() -> None:
    terms = [term for term in builtin().terms if term.text in ("ngà voi", "งาช้าง", "Manis javanica", "M. javanica")]
    assert len(terms) == 4 and not any(term.variants for term in terms)
