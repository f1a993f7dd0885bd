from demijohn._base.changefeed import Change, ChangeFeed


def test_subscribers_hear_of_each_change_until_they_leave():
    feed = ChangeFeed("one")
    heard = []
    leave = feed.subscribe(heard.append)
    feed.publish(["/a.html"], "template")
    leave()
    leave()
    feed.publish(["/a.css", "/b.css"], "static")
    assert heard == [Change(1, "template", ("/a.html",))]
    assert feed.count == 2


def test_who_was_away_hears_what_was_missed():
    feed = ChangeFeed("one")
    assert feed.since(0) == []
    feed.publish(["/a"], "static")
    feed.publish(["/b"], "static")
    assert [change.paths for change in feed.since(0)] == [("/a",), ("/b",)]
    assert [change.paths for change in feed.since(1)] == [("/b",)]
    assert feed.since(2) == []


def test_who_missed_too_much_is_told_so():
    feed = ChangeFeed("one")
    for number in range(150):
        feed.publish([f"/{number}"], "static")
    assert feed.since(49) is None
    assert len(feed.since(50)) == 100
    assert feed.since(151) is None  # of another feed
    assert feed.since(-1) is None


def test_a_subscriber_may_leave_while_it_is_told():
    feed = ChangeFeed("one")
    heard = []

    def once(change):
        heard.append(change.number)
        leave()

    leave = feed.subscribe(once)
    feed.subscribe(lambda change: heard.append(-change.number))
    feed.publish(["/a"], "code")
    feed.publish(["/a"], "code")
    assert heard == [1, -1, -2]
