export const settings = (root: string) => ({
  hooks: { Stop: [{ hooks: [{ type: 'command', command: `${root}/.claude/hooks/guard.sh` }] }] },
})
