-- What of an architecture could not be counted, and whether its multiply-adds lack some for that.
ALTER TABLE architectures ADD COLUMN partial boolean NOT NULL DEFAULT false;
ALTER TABLE architectures ADD COLUMN uncounted json NOT NULL DEFAULT '[]';
