-- W3C Trace Context of the request that queued a run, where that was traced.
ALTER TABLE runs ADD COLUMN traceparent text;
