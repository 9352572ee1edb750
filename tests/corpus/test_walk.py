"""Endless lists and circles of redirects are seen; cookies and honest lists are not taken for them."""

from healthcrawl.corpus.walk import LONGEST_CHAIN, Walk


def test_a_page_brings_news_while_it_has_a_row_of_its_own() -> None:
    walk = Walk()
    assert walk.brings_news("通知公告", ["a", "b"])
    assert walk.brings_news("通知公告", ["b", "c"])
    assert not walk.brings_news("通知公告", ["c", "a"])
    assert not walk.brings_news("通知公告", [])


def test_columns_do_not_spoil_each_others_news() -> None:
    walk = Walk()
    walk.brings_news("通知公告", ["a"])
    assert walk.brings_news("工作动态", ["a"])


def test_a_circle_is_left() -> None:
    walk = Walk()
    assert walk.may_follow("a", "b", sets_cookie=False)
    assert not walk.may_follow("b", "a", sets_cookie=False)


def test_an_address_that_redirects_to_itself_is_asked_once_more_if_a_cookie_was_set() -> None:
    walk = Walk()
    assert not walk.may_follow("bare", "bare", sets_cookie=False)
    assert walk.may_follow("a", "a", sets_cookie=True)
    assert not walk.may_follow("a", "a", sets_cookie=True)


def test_a_detour_for_a_cookie_leads_back_once() -> None:
    walk = Walk()
    assert walk.may_follow("a", "check", sets_cookie=False)
    assert walk.may_follow("check", "a", sets_cookie=True)
    assert walk.may_follow("a", "check", sets_cookie=False)
    assert not walk.may_follow("check", "a", sets_cookie=False)


def test_a_chain_has_an_end() -> None:
    walk = Walk()
    followed = [walk.may_follow(str(n), str(n + 1), sets_cookie=False) for n in range(20)]
    assert followed == [True] * LONGEST_CHAIN + [False] * (20 - LONGEST_CHAIN)
