FROM node:22
COPY package.json ./
RUN if [ -f package-lock.json ]; then npm ci; else npm install; fi
