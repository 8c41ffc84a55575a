-- What of its runtime a run asks for. So far each kind of device had one back end a runtime.
ALTER TABLE runs ADD COLUMN backend text;
UPDATE runs SET backend = CASE WHEN runtime = 'tfjs' THEN 'wasm' WHEN device LIKE 'cuda:%' THEN 'cuda' ELSE 'cpu' END;
ALTER TABLE runs ALTER COLUMN backend SET NOT NULL;
UPDATE runs SET against = (against::jsonb || jsonb_build_object('backend',
  CASE WHEN against ->> 'runtime' = 'tfjs' THEN 'wasm' WHEN device LIKE 'cuda:%' THEN 'cuda' ELSE 'cpu' END))::json
  WHERE against IS NOT NULL;
