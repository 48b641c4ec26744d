"""Programs changed in one small way each, judged by a policy's own tests: what no test notices, no test proves."""
