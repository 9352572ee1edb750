"""Campaigns of hacked pages: what belongs together, and what does not."""

from healthcrawl.core.campaigns import campaigns


def groups(*snippets: str) -> list[tuple[int, ...]]:
    return [one.members for one in campaigns(snippets, [str(at) for at in range(len(snippets))])]


def test_nearly_the_same_text_is_one_campaign_in_either_script() -> None:
    first = "某某棋牌官网手机版下载，注册送彩金八十八"
    assert groups(first, "某某棋牌官網手機版下載，註冊送彩金八十八", "某某棋牌官网手机版 下载，注册即送彩金") == [
        (0, 1, 2)
    ]


def test_other_texts_of_the_same_trade_are_other_campaigns() -> None:
    assert groups("某某棋牌官网下载", "空名棋牌大厅充值", "示例影院在线观看") == [(0,), (1,), (2,)]


def test_the_same_host_or_contact_makes_one_campaign() -> None:
    assert groups("示例影院 www.spam-one.com", "空名私服 m.other.cc", "某某彩票 spam-one.com 注册") == [(0, 2), (1,)]
    assert groups("加微信：abc12345 办理", "代开 微信 abc12345", "联系微信：abc99999") == [(0, 1), (2,)]


def test_a_bureau_s_own_host_is_no_contact_of_the_seller() -> None:
    (one,) = campaigns(["示例影院 www.example.gov.cn spam-one.com"], ["a"])
    assert one.contacts == ("spam-one.com",)


def test_what_stands_in_one_page_belongs_together_and_the_largest_comes_first() -> None:
    found = campaigns(["示例彩票开奖", "某某棋牌官网下载", "空名私服发布"], ["a", "b", "b"])
    assert [one.members for one in found] == [(1, 2), (0,)]
    assert [one.example for one in found] == ["某某棋牌官网下载", "示例彩票开奖"]


def test_thousands_of_snippets_take_no_time_that_grows_with_their_square() -> None:
    snippets = [f"某某棋牌官网手机版下载注册送彩金{number}号" for number in range(3000)]
    (one,) = campaigns(snippets, [str(at) for at in range(3000)])
    assert len(one.members) == 3000
    assert campaigns([], []) == ()
