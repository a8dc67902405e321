"""MOTOR: what the law and the covers say of a motor claim, and who is how much at fault: help to judge, never a judgement."""
