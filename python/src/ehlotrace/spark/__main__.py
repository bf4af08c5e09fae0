"""``python -m ehlotrace.spark``, and what ``spark-submit`` is given."""

import sys

from ehlotrace.spark.job import main

sys.exit(main())
