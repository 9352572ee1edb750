"""First, do no harm: what authors wrote stays, however odd it looks."""

import pytest

from healthcrawl.core.mend import mend
from healthcrawl.rules import Mending
from tests.core.mend.prose import articles

PINYIN_PAGE = (
    "汉语拼音有声母、韵母和声调。例如：妈(mā)、麻(má)、马(mǎ)、骂(mà)四个字，声调不同，意思也不同。\n"
    "轻声不标调，如爸爸(bàba)、我们(wǒmen)。儿化音写作花儿(huār)。ü行的韵母跟j、q、x拼时写成u：居(jū)、区(qū)、虚(xū)。\n"
    "ā á ǎ à  ō ó ǒ ò  ē é ě è  nǐ hǎo，xièxie！"
)
NAMES = (
    "新入职人员名单\n"
    "李赟(yūn)、王翀(chōng)、张喆(zhé)、赵昕玥(yuè)、陈垚(yáo)、刘頔(dí)、孙婠(wān)\n"
    "周晟（shèng）　吴旻（mín）　郑彧（yù）\n"
    "重庆的重(chong)、朝阳的朝(zhao)、乐清的乐(yue)都是多音字，请主持人注意。"
)
CLASSICAL = (
    "学而时习之，不亦说（yuè）乎？有朋自远方来，不亦乐乎？人不知而不愠（yùn），不亦君子乎？\n"
    "子曰：“吾十有五而志于学，三十而立，四十而不惑，五十而知天命，六十而耳顺，七十而从心所欲，不逾矩。”\n"
    "《黄帝内经》曰：“圣人不治已病治未病，不治已乱治未乱。”何以知之？望而知之谓之神。"
)
MATHEMATICS = (
    "设f(x)=ax²+bx+c(a≠0)，则f(0)=c，f(1)=a+b+c；若f(x)>0恒成立，则Δ=b²-4ac<0。\n"
    "点(a,b)到直线l的距离为d(a)，求(a)、(b)、(c)三种情况下x的取值范围。a?b:c；P(A|B)=P(AB)/P(B)\n"
    "剂量(mg)=体重(kg)×系数(k)，血压(mmHg)、体温(℃)、身高(cm)[注1]{略}<备注>"
)
MIXED = (
    "世界卫生组织(who)与国家卫健委(nhc)发布Global Report 2023。Is it safe? Yes! 接种mRNA疫苗(COVID-19 vaccine)安全吗??专家:安全!\n"
    "请访问https://www.example.org/a?b=1&c=2;d=3查询，或发邮件至info(at)example.org。WHO总干事说：“No one is safe until everyone is safe.”"
)
JAPANESE = (
    "厚生労働省は、新型コロナウイルス感染症の対策について発表した。東京都医師会の會長が説明した。\n"
    "醫學博士、國際關係學部、圖書館（としょかん）。どうしますか？？はい！"
)


@pytest.mark.parametrize(
    "text",
    [PINYIN_PAGE, NAMES, CLASSICAL, MATHEMATICS, MIXED, *articles(8_000)],
    ids=lambda text: text[:6],
)
def test_what_an_author_wrote_stays_without_a_word(text: str, data: Mending) -> None:
    mended = mend(text, data)
    assert (mended.text, mended.findings) == (text, ())


def test_japanese_stays_japanese(data: Mending) -> None:
    mended = mend(JAPANESE, data)
    assert (mended.text, mended.findings) == (JAPANESE, ())
