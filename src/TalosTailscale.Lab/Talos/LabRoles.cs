namespace TalosTailscale.Lab.Talos;

/// <summary>Which role may call what (siderolabs/talos internal/app/machined/pkg/system/services/machined.go).</summary>
internal static class LabRoles
{
    internal const string Admin = "os:admin";
    internal const string Operator = "os:operator";
    internal const string Reader = "os:reader";

    private static readonly HashSet<string> s_reader = new(StringComparer.Ordinal)
    {
        "Version",
        "ServiceList",
        "Logs",
        "LogsContainers",
        "Dmesg",
        "Events",
        "List",
        "EtcdMemberList",
        "EtcdStatus",
        "ImageList",
        "SystemStat",
    };

    private static readonly HashSet<string> s_operator = new(StringComparer.Ordinal)
    {
        "Reboot",
        "ServiceStart",
        "ServiceStop",
        "ServiceRestart",
        "ImagePull",
    };

    internal static bool MayCall(IReadOnlyList<string> roles, string service, string method)
    {
        if (roles.Contains(Admin))
            return true;
        var reading = service switch
        {
            "machine.MachineService" => s_reader.Contains(method),
            "cosi.resource.State" => method is "Get" or "List" or "Watch",
            "machine.ImageService" => method is "List" or "Verify",
            _ => false,
        };
        var operating = service switch
        {
            "machine.MachineService" => s_operator.Contains(method),
            "machine.ImageService" => method is "Pull",
            _ => false,
        };
        return (reading && (roles.Contains(Reader) || roles.Contains(Operator)))
            || (operating && roles.Contains(Operator));
    }
}
