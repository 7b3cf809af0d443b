import scales


def test_it_has_a_text() -> None:
    assert scales.__doc__
