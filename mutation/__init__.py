"""Whether the tests would notice a fault: the evaluator is changed in many small ways, and controls are taken away."""
