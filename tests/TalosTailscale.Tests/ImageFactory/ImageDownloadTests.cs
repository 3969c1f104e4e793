using System.Security.Cryptography;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>Every way in which a transfer goes wrong, against a factory that does it over a real socket.</summary>
public sealed class ImageDownloadTests
{
    [Theory]
    [InlineData(TalosImageKind.Uki, TalosArchitecture.Arm64, false)]
    [InlineData(TalosImageKind.Uki, TalosArchitecture.Amd64, true)]
    [InlineData(TalosImageKind.Iso, TalosArchitecture.Arm64, true)]
    [InlineData(TalosImageKind.Iso, TalosArchitecture.Amd64, false)]
    public async Task An_image_is_fetched_verified_and_recorded(
        TalosImageKind kind,
        TalosArchitecture architecture,
        bool secureBoot
    )
    {
        await using var factory = await FactoryFixture.StartAsync();
        var image = await factory.SaveAsync(FactoryFixture.Choice(kind, architecture, secureBoot));
        Assert.Equal(["tailscale"], image.Extensions);
        Assert.Equal("v1.12.4", image.Uki!.Version);
        Assert.Equal(kind == TalosImageKind.Iso, image.Uki.HaltsIfInstalled);
        Assert.Equal(secureBoot ? UkiSignatureStatus.Valid : UkiSignatureStatus.NotSigned, image.Uki.SignatureStatus);
        var bytes = await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), image.Sha256);
        Assert.Equal(
            $"{image.Sha256}  image.efi\n",
            await File.ReadAllTextAsync(factory.Path + ".sha256", TestContext.Current.CancellationToken)
        );
        Assert.Equal(bytes.LongLength, image.Size);
        Assert.Equal(["factory", "image.efi", "image.efi.sha256"], Names(factory));
        Assert.False(image.WasPresent);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(150_000)]
    public async Task A_transfer_that_breaks_goes_on_where_it_stopped(long cut)
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Cuts.Enqueue(cut);
        factory.Faults.Cuts.Enqueue(cut);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
        var requests = factory.ImageRequests;
        Assert.Equal(3, requests.Count);
        Assert.Null(requests[0].Range);
        Assert.All(requests.Skip(1), r => Assert.StartsWith("bytes=", r.Range, StringComparison.Ordinal));
        Assert.All(requests.Skip(1), r => Assert.StartsWith("\"", r.IfRange, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_is_reset_is_taken_up_again()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.ResetsOnCut = true;
        factory.Faults.Cuts.Enqueue(120_000);
        factory.Faults.Cuts.Enqueue(40_000);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_transfer_that_breaks_all_the_time_ends_when_bytes_have_come()
    {
        await using var factory = await FactoryFixture.StartAsync();
        for (var i = 0; i < 20; i++)
            factory.Faults.Cuts.Enqueue(12_000);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_later_run_goes_on_where_an_earlier_one_stopped()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Stalls.Enqueue(100_000);
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var running = factory.SaveAsync(cancellationToken: stop.Token);
            while (!File.Exists(factory.Path + ".partial") || new FileInfo(factory.Path + ".partial").Length < 90_000)
                await Task.Delay(10, TestContext.Current.CancellationToken);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }

        Assert.False(File.Exists(factory.Path));
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
        Assert.NotNull(factory.ImageRequests[1].Range);
    }

    [Fact]
    public async Task An_image_that_was_built_anew_in_between_is_fetched_from_the_start()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Cuts.Enqueue(50_000);
        factory.Faults.ChangesTag = true;
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task Without_validators_nothing_is_resumed()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.NoValidators = true;
        factory.Faults.Cuts.Enqueue(50_000);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
        Assert.All(factory.ImageRequests, r => Assert.Null(r.Range));
    }

    [Fact]
    public async Task A_server_that_ignores_ranges_sends_everything_again()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.IgnoresRanges = true;
        factory.Faults.Cuts.Enqueue(50_000);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_range_that_begins_elsewhere_is_not_appended()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.WrongRange = true;
        factory.Faults.Cuts.Enqueue(50_000);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task Redirections_are_followed_and_ranges_with_them()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Redirects = true;
        factory.Faults.Cuts.Enqueue(70_000);
        await factory.SaveAsync();
        Assert.Contains(factory.Factory.Requests, r =>
            r.Path.StartsWith("/storage/", StringComparison.Ordinal) && r.Range == "bytes=70000-"
        );
    }

    [Fact]
    public async Task Redirections_in_a_circle_end()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.RedirectsForEver = true;
        Assert.Equal("FactoryProtocolViolation", (await factory.FailsAsync()).ErrorId);
    }

    [Fact]
    public async Task Server_errors_pass_when_they_pass()
    {
        await using var factory = await FactoryFixture.StartAsync();
        foreach (var status in (int[])[503, 500, 429])
            factory.Faults.Statuses.Enqueue(status);
        factory.Faults.RetryAfterSeconds = 0;
        await factory.SaveAsync();
        Assert.Contains(factory.Reporter.Lines, l =>
            l.Contains("answered 503 (the lab's factory fails on request)", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Server_errors_that_stay_are_told_as_such()
    {
        await using var factory = await FactoryFixture.StartAsync();
        for (var i = 0; i < 20; i++)
            factory.Faults.Statuses.Enqueue(502);
        var e = await factory.FailsAsync();
        Assert.Equal("FactoryUnavailable", e.ErrorId);
        Assert.Contains("4 attempts were made", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "FactoryRefused")]
    [InlineData(401, "FactoryAccessDenied")]
    [InlineData(402, "FactoryAccessDenied")]
    [InlineData(403, "FactoryAccessDenied")]
    [InlineData(404, "FactoryNotFound")]
    [InlineData(418, "FactoryProtocolViolation")]
    public async Task Refusals_are_not_repeated(int status, string errorId)
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Statuses.Enqueue(status);
        Assert.Equal(errorId, (await factory.FailsAsync()).ErrorId);
        Assert.Single(factory.Factory.Requests);
    }

    [Fact]
    public async Task A_build_that_takes_long_is_waited_for_with_progress()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.BuildTime = TimeSpan.FromSeconds(1.5);
        await factory.SaveAsync();
        Assert.Contains(factory.Reporter.Steps, s =>
            s.Status.StartsWith("waiting for the factory to build it", StringComparison.Ordinal)
        );
        Assert.True(factory.Reporter.Steps[^1].Completed);
    }

    [Fact]
    public async Task A_build_that_takes_too_long_is_a_timeout()
    {
        await using var factory = await FactoryFixture.StartAsync(
            FactoryFixture.Options with
            {
                BuildTimeout = TimeSpan.FromMilliseconds(50),
                Retries = 1,
            }
        );
        factory.Faults.BuildTime = TimeSpan.FromMinutes(10);
        Assert.Equal("FactoryTimeout", (await factory.FailsAsync()).ErrorId);
    }

    [Fact]
    public async Task A_transfer_that_stands_still_is_cut_and_goes_on()
    {
        await using var factory = await FactoryFixture.StartAsync(
            FactoryFixture.Options with
            {
                IdleTimeout = TimeSpan.FromSeconds(2),
            }
        );
        factory.Faults.Stalls.Enqueue(60_000);
        await factory.SaveAsync();
        Assert.StartsWith("bytes=", factory.ImageRequests[1].Range, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_that_is_announced_but_does_not_come_is_noticed()
    {
        await using var factory = await FactoryFixture.StartAsync(FactoryFixture.Options with { Retries = 1 });
        factory.Faults.AnnouncesTooMuch = true;
        var e = await factory.FailsAsync();
        Assert.Equal("FactoryUnreachable", e.ErrorId);
        Assert.False(File.Exists(factory.Path));
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_told_as_such()
    {
        await using var factory = await FactoryFixture.StartAsync();
        await File.WriteAllTextAsync(factory.Folder["file"], "", TestContext.Current.CancellationToken);
        var source = new ImageSource(factory.Client, factory.Reporter);
        var choice = FactoryFixture.Choice();
        var schematic = await source.RegisterAsync(choice, TestContext.Current.CancellationToken);
        var e = await Assert.ThrowsAsync<TsException>(() =>
            source.SaveAsync(
                choice,
                schematic,
                factory.Folder["file/image.efi"],
                false,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Equal("ImageWriteFailed", e.ErrorId);
    }

    [Fact]
    public async Task Two_commands_cannot_write_one_file()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Stalls.Enqueue(100_000);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var first = factory.SaveAsync(cancellationToken: stop.Token);
        while (!File.Exists(factory.Path + ".partial") || new FileInfo(factory.Path + ".partial").Length < 90_000)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal("ImageWriteFailed", (await factory.FailsAsync()).ErrorId);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await factory.SaveAsync();
        Assert.Equal(
            FactoryFixture.Expected(),
            await File.ReadAllBytesAsync(factory.Path, TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_refusal_leaves_nothing_behind()
    {
        await using var factory = await FactoryFixture.StartAsync();
        await factory.FailsAsync(FactoryFixture.Choice() with { Version = VersionTag.Parse("v9.9.9") });
        Assert.Empty(Names(factory));
    }

    [Fact]
    public async Task No_factory_at_all_is_told_as_such()
    {
        await using var factory = await FactoryFixture.StartAsync();
        await factory.Factory.DisposeAsync();
        Assert.Equal("FactoryUnreachable", (await factory.FailsAsync()).ErrorId);
    }

    [Fact]
    public async Task A_captive_portal_is_not_taken_for_the_factory()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.CaptivePortal = true;
        Assert.Equal("FactoryProtocolViolation", (await factory.FailsAsync()).ErrorId);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    public async Task An_answer_without_content_is_no_image_and_leaves_nothing(int status)
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Empty = status;
        var e = await factory.FailsAsync();
        Assert.Equal("FactoryProtocolViolation", e.ErrorId);
        Assert.Contains($"answered {status} without content", e.Message, StringComparison.Ordinal);
        Assert.Equal(["factory"], Names(factory));
    }

    [Fact]
    public async Task The_image_itself_is_asked_for_and_no_packed_form_of_it_is_taken()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.ContentEncoding = "gzip";
        var e = await factory.FailsAsync();
        Assert.Equal("FactoryProtocolViolation", e.ErrorId);
        Assert.Contains("'gzip'", e.Message, StringComparison.Ordinal);
        Assert.Equal("identity", Assert.Single(factory.ImageRequests).AcceptEncoding);
        factory.Faults.ContentEncoding = "Identity";
        await factory.SaveAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_than_an_image_can_have_is_not_taken(bool unannounced)
    {
        await using var factory = await FactoryFixture.StartAsync(
            FactoryFixture.Options with
            {
                MaximumImage = 100_000,
            }
        );
        factory.Faults.NoLength = unannounced;
        var e = await factory.FailsAsync();
        Assert.Equal("FactoryProtocolViolation", e.ErrorId);
        Assert.Contains("100000 at most", e.Message, StringComparison.Ordinal);
        Assert.Equal(["factory"], Names(factory));
    }

    [Fact]
    public async Task What_failed_for_good_leaves_no_partial_file_of_an_earlier_run()
    {
        await using var factory = await FactoryFixture.StartAsync(FactoryFixture.Options with { Retries = 1 });
        CutOff(factory, 50_000);
        await factory.FailsAsync();
        Assert.Contains("image.efi.partial", Names(factory));

        factory.Faults.Cuts.Clear();
        factory.Faults.ContentEncoding = "gzip";
        await factory.FailsAsync();

        Assert.Equal(["factory"], Names(factory));
    }

    [Fact]
    public async Task What_cannot_be_resumed_is_not_kept()
    {
        await using var factory = await FactoryFixture.StartAsync(FactoryFixture.Options with { Retries = 1 });
        factory.Faults.NoValidators = true;
        CutOff(factory, 50_000);
        await factory.FailsAsync();
        Assert.Equal(["factory"], Names(factory));
    }

    private static void CutOff(FactoryFixture factory, long first)
    {
        factory.Faults.Cuts.Enqueue(first);
        for (var i = 0; i < 5; i++)
            factory.Faults.Cuts.Enqueue(0);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/image.efi")]
    [InlineData("file:///etc/hostname")]
    [InlineData("data:text/plain,x")]
    public async Task No_redirection_to_another_scheme_is_followed(string to)
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.RedirectsTo = to;
        var e = await factory.FailsAsync();
        Assert.Equal("FactoryProtocolViolation", e.ErrorId);
        Assert.Contains("which is not followed", e.Message, StringComparison.Ordinal);
        Assert.Equal(["factory"], Names(factory));
    }

    [Fact]
    public async Task A_failure_that_may_pass_is_told_while_it_lasts()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Statuses.Enqueue(503);
        await factory.SaveAsync();
        Assert.Contains(factory.Reporter.Lines, l =>
            l.StartsWith("WARNING ", StringComparison.Ordinal)
            && l.Contains("answered 503", StringComparison.Ordinal)
            && l.Contains("attempt 2 of 4", StringComparison.Ordinal)
        );
    }

    private static IEnumerable<string> Names(FactoryFixture factory) =>
        Directory
            .EnumerateFileSystemEntries(factory.Folder.Path)
            .Select(p => Path.GetFileName(p)!)
            .Order(StringComparer.Ordinal);
}
