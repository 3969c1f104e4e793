using System.Buffers;
using System.Security.Cryptography;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot.Swap;

/// <summary>
/// Brings the new image onto the partition under a name that is no boot entry. After a broken connection, in this run or
/// an earlier one, it goes on behind what is there already, if that is the beginning of the same image.
/// </summary>
internal sealed class SwapStaging(
    EspVolume volume,
    string owner,
    UkiSwapPlan plan,
    UkiSwapSource source,
    IReporter reporter
)
{
    private const int Attempts = 5;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                string hash = await SendAsync(cancellationToken).ConfigureAwait(false);
                if (hash != plan.NewSha256)
                {
                    await RequireSourceAsync(cancellationToken).ConfigureAwait(false);
                    throw BootErrors.EspHashMismatch.New(
                        $"'{plan.StagedName}' on '{plan.Node}' has SHA-256 '{hash}', expected '{plan.NewSha256}'.",
                        plan.Node
                    );
                }

                return;
            }
            catch (TsException exception)
                when (attempt < Attempts
                    && (
                        exception.Error == BootErrors.TransferIncomplete
                        || exception.Error == BootErrors.EspChanged
                        || volume.Shell.IsTransient(exception)
                    )
                )
            {
                if (exception.Error == BootErrors.TransferIncomplete)
                    await RequireSourceAsync(cancellationToken).ConfigureAwait(false);
                reporter.Verbose(
                    $"{plan.Node}: the transfer broke ({exception.ErrorId}); attempt {attempt + 1} of {Attempts} goes on from what is there."
                );

                // Waiting helps a way that broke, not a folder that another one writes to.
                if (exception.Error != BootErrors.EspChanged)
                    await Task.Delay(TimeSpan.FromMilliseconds(250 << attempt), cancellationToken)
                        .ConfigureAwait(false);
            }
        }
    }

    private async Task<string> SendAsync(CancellationToken cancellationToken)
    {
        long size = source.Uki.Size;
        (long there, string hash) = await volume.StagedAsync(plan.StagedName, cancellationToken).ConfigureAwait(false);
        if (source.ContainerPath is { } path)
        {
            if (there > 0)
                await volume.RemoveAsync(owner, plan.StagedName, cancellationToken).ConfigureAwait(false);
            return await volume.CopyAsync(owner, plan.StagedName, size, path, cancellationToken).ConfigureAwait(false);
        }

        Stream content = await source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            long offset =
                there > 0
                && there <= size
                && await BeginsWithAsync(content, there, hash, cancellationToken).ConfigureAwait(false)
                    ? there
                    : 0;
            if (there > 0 && offset == 0)
                await volume.RemoveAsync(owner, plan.StagedName, cancellationToken).ConfigureAwait(false);
            if (offset > 0)
                reporter.Verbose($"{plan.Node}: {offset} of {size} bytes are there and verified.");
            if (offset == size)
                return hash;
            content.Position = offset;
            var metered = new MeteredStream(content, size, "Swapping UKI", plan.Node, reporter);
            await using (metered.ConfigureAwait(false))
                return await volume
                    .StageAsync(owner, plan.StagedName, size, offset, metered, cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>Tells a file that was changed meanwhile from a transfer or a disk that fails.</summary>
    private async Task RequireSourceAsync(CancellationToken cancellationToken)
    {
        if (source.ContainerPath is not null)
            return;
        Stream content = await source.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            byte[] now = await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false);
            if (Convert.ToHexString(now).Equals(plan.NewSha256, StringComparison.OrdinalIgnoreCase))
                return;
        }

        throw BootErrors.SwapSourceChanged.New(
            $"'{source.Uki.Name}' has not the content any more that was chosen for '{plan.Node}' (SHA-256 {plan.NewSha256}).",
            plan.Node
        );
    }

    private static async Task<bool> BeginsWithAsync(
        Stream content,
        long length,
        string sha256,
        CancellationToken cancellationToken
    )
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            content.Position = 0;
            for (long left = length; left > 0; )
            {
                int read = await content
                    .ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken)
                    .ConfigureAwait(false);
                if (read == 0)
                    return false;
                hash.AppendData(buffer, 0, read);
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).Equals(sha256, StringComparison.OrdinalIgnoreCase);
    }
}
