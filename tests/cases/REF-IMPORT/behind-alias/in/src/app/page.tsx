import { Alert } from "@/ui/alert";
import { cn } from "@/lib/utils";

export default () => <Alert className={cn("x")} />;
