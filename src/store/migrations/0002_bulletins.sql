-- What each service offers to run on, renewed while it lives, so that services on other hosts can take requests for it.
CREATE TABLE bulletins (
  owner text PRIMARY KEY,
  body json NOT NULL,
  seen_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
