import { execSync } from "child_process";

export function open(branchName: string) {
  execSync(`git checkout ${branchName}`);
}
