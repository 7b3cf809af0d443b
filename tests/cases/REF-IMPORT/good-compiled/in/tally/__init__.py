from ._counting import total
