using System.Reflection;
using Google.Protobuf.Reflection;

namespace TalosTailscale.Tests.Talos;

/// <summary>
/// Client and lab are generated from the same files, so they could be wrong together unnoticed: here both are held to a
/// table written from the numbers that siderolabs/talos and cosi-project/runtime publish.
/// </summary>
public class WireTableTests
{
    // path, request and answer; "stream " where many messages go that way.
    private static readonly string[] s_methods =
    [
        "/machine.MachineService/ApplyConfiguration machine.ApplyConfigurationRequest machine.ApplyConfigurationResponse",
        "/machine.MachineService/Dmesg machine.DmesgRequest stream common.Data",
        "/machine.MachineService/EtcdForfeitLeadership machine.EtcdForfeitLeadershipRequest machine.EtcdForfeitLeadershipResponse",
        "/machine.MachineService/EtcdLeaveCluster machine.EtcdLeaveClusterRequest machine.EtcdLeaveClusterResponse",
        "/machine.MachineService/EtcdMemberList machine.EtcdMemberListRequest machine.EtcdMemberListResponse",
        "/machine.MachineService/EtcdRemoveMemberByID machine.EtcdRemoveMemberByIDRequest machine.EtcdRemoveMemberByIDResponse",
        "/machine.MachineService/EtcdStatus google.protobuf.Empty machine.EtcdStatusResponse",
        "/machine.MachineService/Events machine.EventsRequest stream machine.Event",
        "/machine.MachineService/ImageList machine.ImageListRequest stream machine.ImageListResponse",
        "/machine.MachineService/ImagePull machine.ImagePullRequest machine.ImagePullResponse",
        "/machine.MachineService/Kubeconfig google.protobuf.Empty stream common.Data",
        "/machine.MachineService/List machine.ListRequest stream machine.FileInfo",
        "/machine.MachineService/Logs machine.LogsRequest stream common.Data",
        "/machine.MachineService/LogsContainers google.protobuf.Empty machine.LogsContainersResponse",
        "/machine.MachineService/Read machine.ReadRequest stream common.Data",
        "/machine.MachineService/Reboot machine.RebootRequest machine.RebootResponse",
        "/machine.MachineService/Rollback machine.RollbackRequest machine.RollbackResponse",
        "/machine.MachineService/ServiceList google.protobuf.Empty machine.ServiceListResponse",
        "/machine.MachineService/ServiceRestart machine.ServiceRestartRequest machine.ServiceRestartResponse",
        "/machine.MachineService/ServiceStart machine.ServiceStartRequest machine.ServiceStartResponse",
        "/machine.MachineService/ServiceStop machine.ServiceStopRequest machine.ServiceStopResponse",
        "/machine.MachineService/SystemStat google.protobuf.Empty machine.SystemStatResponse",
        "/machine.MachineService/Upgrade machine.UpgradeRequest machine.UpgradeResponse",
        "/machine.MachineService/Version google.protobuf.Empty machine.VersionResponse",
        "/machine.ImageService/List machine.ImageServiceListRequest stream machine.ImageServiceListResponse",
        "/machine.ImageService/Pull machine.ImageServicePullRequest stream machine.ImageServicePullResponse",
        "/machine.ImageService/Import stream machine.ImageServiceImportRequest machine.ImageServiceImportResponse",
        "/machine.ImageService/Remove machine.ImageServiceRemoveRequest google.protobuf.Empty",
        "/machine.ImageService/Verify machine.ImageServiceVerifyRequest machine.ImageServiceVerifyResponse",
        "/machine.LifecycleService/Upgrade machine.LifecycleServiceUpgradeRequest stream machine.LifecycleServiceUpgradeResponse",
        "/machine.DebugService/ContainerRun stream machine.DebugContainerRunRequest stream machine.DebugContainerRunResponse",
        "/cosi.resource.State/Get cosi.resource.GetRequest cosi.resource.GetResponse",
        "/cosi.resource.State/List cosi.resource.ListRequest stream cosi.resource.ListResponse",
        "/cosi.resource.State/Watch cosi.resource.WatchRequest stream cosi.resource.WatchResponse",
    ];

    private static readonly string[] s_messages = File.ReadAllLines(
        Path.Combine(AppContext.BaseDirectory, "TestData", "talos", "wire.txt")
    );

    public static TheoryData<string> Assemblies => ["TalosTailscale.Core", "TalosTailscale.Lab"];

    [Theory, MemberData(nameof(Assemblies))]
    public void Methods_have_the_published_paths_and_types(string assembly)
    {
        IEnumerable<string> methods = Files(assembly)
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods)
            .Select(method =>
                $"/{method.Service.FullName}/{method.Name} "
                + $"{(method.IsClientStreaming ? "stream " : "")}{method.InputType.FullName} "
                + $"{(method.IsServerStreaming ? "stream " : "")}{method.OutputType.FullName}"
            );
        Assert.Equal(s_methods.Order(StringComparer.Ordinal), methods.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Assemblies))]
    public void Messages_have_the_published_numbers_and_types(string assembly)
    {
        string[] expected =
        [
            .. s_messages.Where(line => line.Length > 0 && line[0] != '#').Order(StringComparer.Ordinal),
        ];
        string[] actual =
        [
            .. Files(assembly)
                .SelectMany(file => file.MessageTypes.SelectMany(Lines).Concat(file.EnumTypes.Select(Line)))
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(expected, actual);
    }

    private static IEnumerable<string> Lines(MessageDescriptor message)
    {
        if (message.IsMapEntry)
            yield break;
        string fields = string.Join(
            ", ",
            message.Fields.InFieldNumberOrder().Select(field => $"{field.FieldNumber} {field.Name}: {Type(field)}")
        );
        yield return $"{message.FullName} {{ {fields} }}";
        foreach (EnumDescriptor nested in message.EnumTypes)
            yield return Line(nested);
        foreach (string line in message.NestedTypes.SelectMany(Lines))
            yield return line;
    }

    private static string Line(EnumDescriptor descriptor) =>
        $"{descriptor.FullName} [ {string.Join(", ", descriptor.Values.Select(value => $"{value.Number} {value.Name}"))} ]";

    private static string Type(FieldDescriptor field)
    {
        if (field.IsMap)
        {
            MessageDescriptor entry = field.MessageType;
            return $"map<{Scalar(entry.FindFieldByNumber(1))}, {Scalar(entry.FindFieldByNumber(2))}>";
        }

        return (field.IsRepeated ? "repeated " : "") + Scalar(field);
    }

    private static string Scalar(FieldDescriptor field) =>
        field.FieldType switch
        {
            FieldType.Message => field.MessageType.FullName,
            FieldType.Enum => field.EnumType.FullName,
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };

    private static IEnumerable<FileDescriptor> Files(string assembly) =>
        Assembly
            .Load(assembly)
            .GetTypes()
            .Where(type =>
                type.Namespace?.StartsWith("TalosTailscale.Protos", StringComparison.Ordinal) == true
                && type.Name.EndsWith("Reflection", StringComparison.Ordinal)
            )
            .Select(type => (FileDescriptor)type.GetProperty("Descriptor")!.GetValue(null)!);
}
