import { cn } from "@/lib/utils";
import { Card } from "@/ui";
import x from "~/other";

export default () => <Card className={cn(x)} />;
