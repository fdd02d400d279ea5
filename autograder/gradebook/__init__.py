"""Results become rows and notebooks that nbgrader's own tools read."""
