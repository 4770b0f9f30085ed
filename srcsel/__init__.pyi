from .base.errors import Cancelled as Cancelled
from .base.errors import InputError as InputError
from .base.errors import ModelError as ModelError
from .base.errors import NotAvailable as NotAvailable
from .base.errors import SrcselError as SrcselError
from .base.errors import StoreError as StoreError
from .base.records import Dataset as Dataset
from .base.records import Evidence as Evidence
from .base.records import Failure as Failure
from .base.records import Protocol as Protocol
from .base.records import Ranking as Ranking
from .base.records import Result as Result
from .base.records import Run as Run
from .base.records import Score as Score
from .base.records import SourceModel as SourceModel
from .base.records import Verdict as Verdict
from .base.watch import Watch as Watch
from .evidence.gather import gather_evidence as gather_evidence
from .measures import MEASURES as MEASURES
from .models.catalog import find_models as find_models
from .models.catalog import search as search
from .pictures.dataset import load_dataset as load_dataset
from .runs.public_json import to_json as to_json
from .runs.run import rank as rank
from .runs.run import rank_features as rank_features
from .runs.run import score_features as score_features

__version__: str
