import os
import imp
