using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Validation;

public sealed class NodeValidationTests
{
    private const string Image = "registry.ide-newton.ts.net/lab/registry-smoketest:1";

    public static TheoryData<string, string, string, int?> Faults { get; } =
        new()
        {
            { "old address", "NodeAddress", "NodeAddressDrift", 5 },
            { "renamed", "NodeName", "NodeNameDrift", 5 },
            { "kubelet on the tailnet", "NodeAddress", "NodeAddressInTailnet", 5 },
            { "etcd on the tailnet", "NodeAddress", "NodeAddressInTailnet", 5 },
            { "off", "Api", "NodeNotAnswering", null },
            { "moved", "Api", "NodeAddressDrift", 5 },
            { "wrong CA", "Api", "ClientNotAccepted", null },
            { "certificate ends", "Certificate", "ClientCertificateEnds", null },
            { "other architecture", "Version", "ArchitectureUnexpected", 5 },
            { "booting", "Stage", "BootNotFinished", null },
            { "halted", "Stage", "HaltIfInstalled", null },
            { "boot waits for config", "Stage", "ServiceConfigMissing", 3 },
            { "no extension", "Extension", "ExtensionMissing", 3 },
            { "no config", "ServiceConfig", "ServiceConfigMissing", 3 },
            { "config only active", "ServiceConfig", "ServiceConfigNotPersistent", 3 },
            { "accept DNS", "ServiceConfig", "AcceptDnsOnReadOnlyRoot", 4 },
            { "host bits", "ServiceConfig", "ServiceConfigInvalid", 3 },
            { "flapping", "Service", "ServiceFlapping", 3 },
            { "flapping, running at the moment", "Service", "ServiceFlapping", 3 },
            { "stopped", "Service", "ServiceNotRunning", 3 },
            { "waiting for config", "Service", "ServiceConfigMissing", 3 },
            { "expired key", "Log", "AuthKeyRejected", 3 },
            { "no tailnet address", "TailnetAddress", "TailnetAddressMissing", 3 },
            { "no quad-100", "Resolver", "TailnetResolverMissing", 4 },
            { "quad-100 last", "Resolver", "TailnetResolverNotFirst", 4 },
            { "only quad-100", "Resolver", "OnlyTailnetResolver", 4 },
            { "halt flag running", "BootVariant", "HaltIfInstalled", null },
            { "GRUB", "BootVariant", "NotBootedFromUki", null },
            { "efivars", "Efivars", "EfivarsNotWritable", 1 },
            { "no such host", "RegistryName", "RegistryNameUnresolved", 4 },
            { "no such host", "PrivatePull", "RegistryNameUnresolved", 4 },
            { "no such image", "PrivatePull", "ImageNotFound", null },
            { "unauthorized", "PrivatePull", "RegistryUnauthorized", null },
            { "refused", "PrivatePull", "RegistryRefused", 3 },
            { "device missing", "TailnetDevice", "DeviceMissing", 3 },
            { "device renamed", "TailnetDevice", "DeviceRenamed", null },
            { "device offline", "TailnetDevice", "DeviceOffline", 3 },
            { "device not approved", "TailnetDevice", "DeviceApprovalNeeded", 3 },
            { "device expired", "TailnetDevice", "NodeKeyExpired", 3 },
            { "device expires soon", "TailnetDevice", "DeviceKeyEnds", null },
            { "device without tag", "TailnetDevice", "DeviceTagsDiffer", null },
            { "upgrade without variable", "BootEntries", "EfivarsNotWritable", 1 },
            { "duplicate entries", "BootEntries", "BootEntriesDuplicate", 2 },
            { "other next boot", "BootEntries", "NextBootDiffers", 2 },
            { "booted entry gone", "BootEntries", "NextBootDiffers", 2 },
            { "nothing boots", "BootEntries", "NextBootDiffers", 2 },
            { "stale variable", "BootEntries", "EspNeedsCare", null },
            { "UKI of another version", "RunningUki", "RunningUkiDiffers", 1 },
            { "UKI with another command line", "RunningUki", "RunningUkiDiffers", 1 },
            { "UKI exchanged since the boot", "RunningUki", "RunningUkiDiffers", 1 },
            { "installer UKI on the ESP", "RunningUki", "HaltIfInstalled", null },
        };

    [Fact]
    public async Task A_healthy_node_passes_every_check()
    {
        var checks = await RunAsync("");

        Assert.Equal(NodeValidation.CheckNames, checks.Select(check => check.Name));
        Assert.All(checks, check => Assert.True(check.Status == TsCheckStatus.Pass, $"{check} {check.Evidence}"));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Every_fault_has_its_cause_and_fix(string fault, string name, string cause, int? failureMode)
    {
        var check = Assert.Single(await RunAsync(fault), check => check.Name == name);

        Assert.True(check.Status is TsCheckStatus.Fail or TsCheckStatus.Warning, $"{check} {check.Evidence}");
        Assert.Equal((cause, failureMode), (check.Cause, check.FailureMode));
        Assert.False(string.IsNullOrEmpty(check.Fix));
        Assert.DoesNotContain("abcdefABCDEF", check.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_asked_nothing_more()
    {
        var checks = await RunAsync("off");

        Assert.Equal(TsCheckStatus.Fail, checks.Single(check => check.Name == "Api").Status);
        Assert.All(checks.Where(check => check.Name is not ("Api" or "Certificate")), check =>
            Assert.Equal(TsCheckStatus.Skipped, check.Status)
        );
    }

    [Fact]
    public async Task A_service_that_is_starting_is_given_time()
    {
        var probe = new FakeNodeProbe();
        probe.Services.Clear();
        foreach (var state in new[] { "Waiting", "Preparing", "Running" })
            probe.Services.Enqueue(FakeNodeProbe.Service(state, "Creating service runner"));

        var check = Assert.Single(await RunAsync(probe, new NodeValidationOptions { Checks = ["Service"] }));

        Assert.Equal(TsCheckStatus.Pass, check.Status);
        Assert.Equal(2, probe.Pauses);
    }

    [Theory]
    [InlineData("Running")]
    [InlineData("Waiting")]
    public async Task Nothing_is_waited_for_where_the_service_has_no_configuration(string state)
    {
        var probe = new FakeNodeProbe
        {
            Active = null,
            Persistent = null,
            Addresses = ["192.168.1.203/24"],
        };
        probe.Services.Clear();
        probe.Services.Enqueue(FakeNodeProbe.Service(state, "Waiting for network"));

        await RunAsync(probe, new NodeValidationOptions { Checks = ["Service", "TailnetAddress"] });

        Assert.Equal(0, probe.Pauses);
    }

    [Fact]
    public async Task A_log_that_recovered_passes_and_tells_what_is_over()
    {
        var probe = new FakeNodeProbe
        {
            LogLines =
            [
                "boot: 2026/01/02 03:04:05 Starting tailscaled",
                "backend error: invalid key: API key does not exist",
                "boot: 2026/01/02 03:05:05 Starting tailscaled",
                "boot: 2026/01/02 03:05:09 Startup complete, waiting for shutdown signal",
            ],
        };

        var check = Assert.Single(await RunAsync(probe, new NodeValidationOptions { Checks = ["Log"] }));

        Assert.Equal((TsCheckStatus.Pass, null), (check.Status, check.Cause));
        Assert.Contains(
            "earlier AuthKeyRejected in line 2, over since line 4, 2026/01/02 03:05:09: backend error",
            check.Evidence,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_failure_that_is_over_is_no_alarm()
    {
        var probe = new FakeNodeProbe();
        probe.Services.Clear();
        probe.Services.Enqueue(
            FakeNodeProbe.Service(
                "Running",
                "Error running Containerd(ext-tailscale), going to restart forever: task failed: exit code 1",
                "Started task"
            )
        );

        Assert.All(await RunAsync(probe, Options()), check =>
            Assert.True(check.Status is TsCheckStatus.Pass or TsCheckStatus.Skipped)
        );
    }

    [Fact]
    public async Task An_image_that_was_there_proves_nothing()
    {
        var probe = new FakeNodeProbe
        {
            Pull = reference => new TalosImagePull
            {
                Node = "a",
                Reference = reference,
                Pulled = false,
            },
        };

        var checks = await RunAsync(
            probe,
            new NodeValidationOptions { Checks = ["RegistryName", "PrivatePull"], RegistryImage = Image }
        );

        Assert.All(checks, check => Assert.Equal(TsCheckStatus.Skipped, check.Status));
        Assert.Contains("proves nothing", checks[1].Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_resolved_only_where_the_answer_says_so()
    {
        (string Text, TsCheckStatus Status)[] answers =
        [
            ("ImagePull on 'a' had no answer in time", TsCheckStatus.Skipped),
            ("dial tcp: lookup r.ts.net on 127.0.0.53:53: no such host", TsCheckStatus.Fail),
            (
                "dial tcp: lookup r.ts.net: read udp 127.0.0.1:1->127.0.0.53:53: read: connection refused",
                TsCheckStatus.Fail
            ),
            ("dial tcp 100.1.2.3:443: connect: connection refused", TsCheckStatus.Pass),
            (
                "unexpected status from HEAD request to https://r.ts.net/v2/x/manifests/1: 401 Unauthorized",
                TsCheckStatus.Pass
            ),
            ("the node is on fire", TsCheckStatus.Skipped),
        ];
        foreach (var (text, status) in answers)
        {
            var probe = new FakeNodeProbe { Pull = _ => throw TalosErrors.TalosCallFailed.New(text, "a") };

            var checks = await RunAsync(
                probe,
                new NodeValidationOptions { Checks = ["RegistryName", "PrivatePull"], RegistryImage = Image }
            );

            Assert.Equal((status, TsCheckStatus.Fail, text), (checks[0].Status, checks[1].Status, text));
        }
    }

    [Fact]
    public async Task A_Talos_without_a_persistent_config_resource_is_no_alarm() =>
        Assert.Equal(
            TsCheckStatus.Pass,
            Assert
                .Single(
                    await RunAsync(
                        new FakeNodeProbe { HasPersistent = false },
                        new NodeValidationOptions { Checks = ["ServiceConfig"] }
                    )
                )
                .Status
        );

    [Fact]
    public async Task Checks_are_chosen_and_left_out_by_name()
    {
        var chosen = await RunAsync(
            new FakeNodeProbe(),
            new NodeValidationOptions { Checks = ["stage", "BootEntries"] }
        );
        var left = await RunAsync(new FakeNodeProbe(), new NodeValidationOptions { SkipChecks = ["Stage"] });

        Assert.Equal(["Stage", "BootEntries"], chosen.Select(check => check.Name));
        Assert.DoesNotContain(left, check => check.Name is "Stage" or "BootEntries" or "RunningUki");
    }

    [Fact]
    public async Task Results_come_in_the_order_of_the_nodes_however_long_each_takes()
    {
        var nodes = Enumerable
            .Range(0, 40)
            .Select(i => new TsNode { Name = $"n{i}", Address = $"10.0.0.{i}" })
            .ToArray();
        var gates = nodes.ToDictionary(node => node.Name, _ => new TaskCompletionSource());
        var started = 0;
        var most = 0;

        var run = Task.Run(async () =>
        {
            var names = new List<string>();
            await foreach (
                var check in NodeValidation.RunAsync(
                    nodes,
                    node => new GatedProbe(
                        node,
                        gates[node.Name].Task,
                        () => most = Math.Max(most, ++started),
                        () => started--
                    ),
                    new NodeValidationOptions { Checks = ["Api"], ThrottleLimit = 8 },
                    SilentReporter.Instance,
                    TestContext.Current.CancellationToken
                )
            )
                names.Add(check.Node);
            return names;
        });
        // The last of every group is let go first.
        foreach (var node in nodes.Chunk(8).SelectMany(chunk => chunk.Reverse()))
            gates[node.Name].SetResult();

        Assert.Equal(nodes.Select(node => node.Name), await run);
        Assert.InRange(most, 1, 8);
    }

    [Fact]
    public async Task Of_many_nodes_the_progress_counts_those_that_are_done()
    {
        var nodes = Enumerable
            .Range(0, 3)
            .Select(i => new TsNode { Name = $"n{i}", Address = $"10.0.0.{i}" })
            .ToArray();
        var seen = new ProgressTests.SeenSteps();

        await foreach (
            var _ in NodeValidation.RunAsync(
                nodes,
                _ => new FakeNodeProbe(),
                new NodeValidationOptions { Checks = ["Api", "Stage"] },
                seen,
                TestContext.Current.CancellationToken
            )
        ) { }

        Assert.Equal([1L, 2L, 3L], seen.Steps.Select(step => step.Done!.Value).Order());
        Assert.All(seen.Steps, step => Assert.Equal((3L, "nodes"), (step.Total, step.Unit)));
    }

    [Fact]
    public void Every_cause_has_a_fix_and_all_five_failure_modes_of_the_runbook_have_one()
    {
        Assert.Equal(Causes.All.Count, Causes.All.Select(cause => cause.Code).Distinct().Count());
        Assert.All(Causes.All, cause => Assert.EndsWith(".", cause.Fix, StringComparison.Ordinal));
        Assert.Equal([1, 2, 3, 4, 5], Causes.All.Select(cause => cause.FailureMode).OfType<int>().Distinct().Order());
    }

    [Theory]
    [InlineData("a talos.halt_if_installed=1 b", true)]
    [InlineData("talos.halt_if_installed=True", true)]
    [InlineData("talos.halt_if_installed=0 talos.halt_if_installed=1", false)]
    [InlineData("talos.halt_if_installed", false)]
    [InlineData("xtalos.halt_if_installed=1", false)]
    public void The_halt_flag_is_read_as_Talos_reads_it(string commandLine, bool halts) =>
        Assert.Equal(halts, BootChecks.Halts(commandLine));

    private static NodeValidationOptions Options() => new() { RegistryImage = Image };

    private static async Task<IReadOnlyList<TsCheck>> RunAsync(INodeProbe probe, NodeValidationOptions options)
    {
        var checks = new List<TsCheck>();
        await foreach (
            var check in NodeValidation.RunAsync(
                [probe.Node],
                _ => probe,
                options,
                SilentReporter.Instance,
                TestContext.Current.CancellationToken
            )
        )
            checks.Add(check);
        return checks;
    }

    private static Task<IReadOnlyList<TsCheck>> RunAsync(string fault)
    {
        var probe = new FakeNodeProbe();
        var device = new TailnetDevice
        {
            Name = "ampone",
            Hostname = "ampone",
            Addresses = ["100.101.102.103"],
            Online = true,
            Authorized = true,
            Tags = ["tag:k8s"],
        };
        var seen = FaultyNode.Break(fault, probe, device);
        return RunAsync(
            probe,
            new NodeValidationOptions
            {
                Checks = NodeValidation.CheckNames,
                RegistryImage = Image,
                ReadDevices = _ => Task.FromResult<IReadOnlyList<TailnetDevice>>(seen is null ? [] : [seen]),
            }
        );
    }
}
