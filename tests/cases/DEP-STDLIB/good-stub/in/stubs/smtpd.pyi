import asynchat
