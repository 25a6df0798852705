"""Modules that programs often import: imported once, when an image is made, they cost a fresh sandbox nothing but their
pages in memory. Found and compiled anew in every sandbox, `random` alone would take a tenth of a second."""

import base64
import bisect
import calendar
import collections
import copy
import csv
import dataclasses
import datetime
import decimal
import fractions
import functools
import hashlib
import heapq
import itertools
import json
import math
import operator
import os
import pathlib
import pprint
import random
import re
import statistics
import string
import struct
import tempfile
import textwrap
import time
import typing
import uuid
