from kit.errors import AhizeError, Conflict, Invalid, NotFound


class Busy(Conflict):
    """The line is busy; try later.

    More for the reader of the code.
    """

    code = "busy"


def test_the_docstring_is_the_sentence():
    assert str(Busy()) == "The line is busy; try later."
    assert str(AhizeError()) == "Something went wrong; the log has the details."


def test_code_and_values_can_be_given():
    error = NotFound("No such campaign; choose one of the list.", code="campaign", campaign="c1")

    assert (str(error), error.code, error.status) == ("No such campaign; choose one of the list.", "campaign", 404)
    assert error.values == {"campaign": "c1"}
    assert NotFound.code == "not_found"


def test_invalid_carries_its_fields():
    wrong = {"field": "name", "code": "empty", "message": "Give a name."}

    error = Invalid(errors=[wrong])

    assert error.errors == (wrong,)
    assert error.status == 422
