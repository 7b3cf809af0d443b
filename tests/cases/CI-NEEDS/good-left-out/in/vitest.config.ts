export default {
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/e2e/**'],
    coverage: { exclude: ['src/types.ts'] },
  },
};
