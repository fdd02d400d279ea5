"""Pictures to work with, without a download: ten drawn shapes, handwritten digits, and a photo."""

from course_utils.data.dataset import Dataset
from course_utils.data.digits import digits
from course_utils.data.photos import colour_photo, photo
from course_utils.data.shapes import SHAPES, shapes

__all__ = ["SHAPES", "Dataset", "colour_photo", "digits", "photo", "shapes"]
